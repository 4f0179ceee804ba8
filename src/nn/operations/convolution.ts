/** Two-dimensional convolution with same padding and stride 1, channels first, and its gradients. */

import { check } from '../../core/errors.js';
import { type Tensor, apply, defineOperation } from '../graph.js';
import type { OnnxModel } from '../onnx/model.js';
import * as winograd from '../onnx/winograd.js';
import type { Tf, TfTensor } from '../tensorflow.js';
import { isSymbol, type Shape, type TensorType, shapeText } from '../types.js';
import { sum } from './sum.js';

const TO_CHANNELS_LAST = [0, 2, 3, 1];
const TO_CHANNELS_FIRST = [0, 3, 1, 2];

const convolution = defineOperation<null>({
  name: 'conv2d',
  infer([x, filter, bias]) {
    const fits = x!.shape.length === 4 && filter!.shape.length === 4 && x!.shape[1] === filter!.shape[1];
    const odd = filter!.shape[2]! % 2 === 1 && filter!.shape[3] === filter!.shape[2];
    check(fits && odd, () => {
      return `Cannot convolve ${shapeText(x!.shape)} with a filter ${shapeText(filter!.shape)}; wanted are [N,C,H,W] and [O,C,K,K] with K odd`;
    });
    const channels = filter!.shape[0]!;
    check(bias === undefined || (bias.shape.length === 1 && bias.shape[0] === channels), () => {
      return `The bias of a convolution with ${channels} filters has shape ${shapeText(bias!.shape)}`;
    });
    return { shape: [x!.shape[0]!, channels, x!.shape[2]!, x!.shape[3]!], dtype: 'float32' };
  },
  gradient([x, filter, bias], _output, upstream) {
    const gradients = [inputGradient(upstream, filter!), filterGradient(x!, upstream, filter!.shape[2]!)];
    return bias === undefined ? gradients : [...gradients, sum(upstream, [0, 2, 3])];
  },
  onnx(model, names, { inputs }) {
    return convolve(model, names, inputs[1]!.shape[2]!);
  },
  onnxIn(layouts, { inputs: [x, filter, bias] }) {
    if (!winograd.convolvesByPoints(layouts, x!, filter!.shape)) return undefined;
    return winograd.convolution(layouts, x!, filter!, bias);
  },
  tf(tf, [x, filter, bias]) {
    const last = tf.transpose(x!, TO_CHANNELS_LAST);
    const y = tf.conv2d(last, tf.transpose(filter!, [2, 3, 1, 0]), 1, 'same');
    return tf.transpose(bias === undefined ? y : tf.add(y, bias), TO_CHANNELS_FIRST);
  },
});

/**
 * Convolves `x` [N, C, H, W] with `filter` [O, C, K, K] (K odd) into [N, O, H, W], zeros around the image, and adds
 * `bias` [O] if given. As everywhere in deep learning, the filter is not flipped.
 */
export function conv2d(x: Tensor, filter: Tensor, bias?: Tensor): Tensor {
  return apply(convolution, bias === undefined ? [x, filter] : [x, filter, bias], null);
}

function convolve(model: OnnxModel, names: readonly string[], kernel: number): string {
  const border = (kernel - 1) / 2;
  return model.node('Conv', names, {
    kernel_shape: [kernel, kernel],
    pads: [border, border, border, border],
    strides: [1, 1],
  });
}

const inputGradientOperation = defineOperation<null>({
  name: 'conv2dInputGradient',
  infer([upstream, filter]) {
    const [count, , height, width] = upstream!.shape as [number, number, number, number];
    return { shape: [count, filter!.shape[1]!, height, width], dtype: 'float32' };
  },
  // <inputGradient(u, f), v> = <u, conv2d(v, f)>.
  gradient: ([upstream, filter], _output, second) => [
    conv2d(second, filter!),
    filterGradient(second, upstream!, filter!.shape[2]!),
  ],
  // A convolution with the adjoint filter: inputs and outputs exchanged, height and width reversed.
  onnx(model, [upstream, filter], { inputs }) {
    const both = (value: number): string => model.ints([value, value]);
    const flipped = model.node('Slice', [filter!, both(-1), both(-(2 ** 31)), model.ints([2, 3]), both(-1)]);
    const adjoint = model.node('Transpose', [flipped], { perm: [1, 0, 2, 3] });
    return convolve(model, [upstream!, adjoint], inputs[1]!.shape[2]!);
  },
  onnxIn(layouts, { inputs: [upstream, filter] }) {
    if (!winograd.convolvesByPoints(layouts, upstream!, filter!.shape)) return undefined;
    return winograd.inputGradient(layouts, upstream!, filter!);
  },
  tf(tf, [upstream, filter]) {
    const last = tf.transpose(upstream!, TO_CHANNELS_LAST);
    const adjoint = tf.transpose(tf.reverse(filter!, [2, 3]), [2, 3, 0, 1]);
    return tf.transpose(tf.conv2d(last, adjoint, 1, 'same'), TO_CHANNELS_FIRST);
  },
});

/** The gradient of a convolution's input, from `upstream` [N, O, H, W] and the filter [O, C, K, K]. */
function inputGradient(upstream: Tensor, filter: Tensor): Tensor {
  return apply(inputGradientOperation, [upstream, filter], null);
}

const filterGradientOperation = defineOperation<{ kernel: number }>({
  name: 'conv2dFilterGradient',
  infer(types, { kernel }) {
    const [x, upstream] = types as [TensorType, TensorType];
    check(!isSymbol(x.shape[0]!), 'The gradient of a filter needs a concrete batch size');
    return { shape: [upstream.shape[1]!, x.shape[1]!, kernel, kernel], dtype: 'float32' };
  },
  // <filterGradient(x, u), v> = <u, conv2d(x, v)>, so its derivatives are those of a convolution with filter v.
  gradient: ([x, upstream], _output, second) => [inputGradient(upstream!, second), conv2d(x!, second)],
  onnx(model, [x, upstream], { inputs, attributes }) {
    const last = (name: string): string => model.node('Transpose', [name], { perm: TO_CHANNELS_LAST });
    return filterProducts(model, last(x!), last(upstream!), inputs[0]!.shape, inputs[1]!.shape, attributes.kernel);
  },
  onnxIn(layouts, { inputs: [x, upstream], shape }) {
    if (!winograd.convolvesByPoints(layouts, x!, shape)) return undefined;
    return winograd.filterGradient(layouts, x!, upstream!, shape);
  },
  tf: (tf, [x, upstream], { attributes }) => tfFilterGradient(tf, x!, upstream!, attributes.kernel),
});

/** The gradient of a [O, C, K, K] filter: every shift of `x` [N, C, H, W] times `upstream` [N, O, H, W]. */
export function filterGradient(x: Tensor, upstream: Tensor, kernel: number): Tensor {
  return apply(filterGradientOperation, [x, upstream], { kernel });
}

/**
 * One matrix product for each position in the filter, over the points where the image, moved by that position, lies over
 * the upstream image. Both are channels last, so a choice of points is a choice of rows; Gather copies rows on all
 * threads, which Slice does not.
 */
function filterProducts(
  model: OnnxModel,
  x: string,
  upstream: string,
  [count, channels, height, width]: Shape,
  [, filters]: Shape,
  kernel: number,
): string {
  const border = (kernel - 1) / 2;
  const points = (name: string, length: number): string =>
    model.node('Reshape', [name, model.ints([count!, height! * width!, length])]);
  const images = points(x, channels!);
  const slopes = points(upstream, filters!);
  const rows = (name: string, row: number, column: number, length: number): string => {
    const chosen = row === 0 && column === 0 ? name : gatherRows(model, name, overlap(height!, width!, row, column));
    return model.node('Reshape', [chosen, model.ints([-1, length])]);
  };
  const parts = Array.from({ length: kernel * kernel }, (_, i) => {
    const [row, column] = [Math.floor(i / kernel) - border, (i % kernel) - border];
    if (Math.abs(row) >= height! || Math.abs(column) >= width!) {
      return model.node('Expand', [model.float(0), model.ints([filters!, channels!, 1])]);
    }
    const factors = [rows(slopes, -row, -column, filters!), rows(images, row, column, channels!)];
    const product = model.node('Gemm', factors, { transA: 1 });
    return model.node('Reshape', [product, model.ints([filters!, channels!, 1])]);
  });
  const joined = parts.length === 1 ? parts[0]! : model.node('Concat', parts, { axis: 2 });
  return model.node('Reshape', [joined, model.ints([filters!, channels!, kernel, kernel])]);
}

function gatherRows(model: OnnxModel, name: string, points: readonly number[]): string {
  return model.node('Gather', [name, model.ints(points)], { axis: 1 });
}

/** The points of a board that are still on it when moved back by `row` and `column`, in order. */
function overlap(height: number, width: number, row: number, column: number): number[] {
  const points: number[] = [];
  for (let y = Math.max(0, row); y < height + Math.min(0, row); y++) {
    for (let x = Math.max(0, column); x < width + Math.min(0, column); x++) points.push(y * width + x);
  }
  return points;
}

/** The same as a convolution whose batch is the channels and whose filter is the whole upstream image. */
function tfFilterGradient(tf: Tf, x: TfTensor, upstream: TfTensor, kernel: number): TfTensor {
  const border = (kernel - 1) / 2;
  const image = tf.transpose(x, [1, 2, 3, 0]);
  const edges: [number, number][] = [0, border, border, 0].map((width) => [width, width]);
  const filter = tf.transpose(upstream, [2, 3, 0, 1]);
  return tf.transpose(tf.conv2d(tf.pad(image, edges, 0), filter, 1, 'valid'), [3, 0, 1, 2]);
}
