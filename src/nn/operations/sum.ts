/** Sum and its mirror image, expand: each is the other's gradient. Broadcasting's gradient, `sumTo`, is built on them. */

import { check } from '../../core/errors.js';
import {
  type ComputedTensor,
  type LaidOut,
  type Layouts,
  type Operand,
  type Tensor,
  apply,
  defineOperation,
  tensorOf,
} from '../graph.js';
import { isPerChannel, perChannel } from '../onnx/pointwise.js';
import {
  type Shape,
  type TensorType,
  broadcastShapes,
  isSymbol,
  normalizeAxes,
  sameShape,
  shapeText,
} from '../types.js';
import { reshape } from './shape.js';

/** Settings of a reduction: the dimensions that go, and whether they stay as length 1. */
export interface ReductionAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** The type of a reduction's result. */
export function reducedType(x: TensorType, { axes, keepDims }: ReductionAttributes): TensorType {
  check(x.dtype === 'float32', `Reductions work on float32, not ${x.dtype}`);
  const kept = x.shape.map((length, i) => (axes.includes(i) ? 1 : length));
  return { shape: keepDims ? kept : kept.filter((_, i) => !axes.includes(i)), dtype: x.dtype };
}

/** The shape of `x` with the reduced dimensions kept as 1, whatever `keepDims` says: broadcasts against `x`. */
export function keptShape(x: TensorType, axes: readonly number[]): Shape {
  return x.shape.map((length, i) => (axes.includes(i) ? 1 : length));
}

/** Reads a reduction's arguments: no axes means all. */
export function reductionAttributes(
  x: TensorType,
  axes: readonly number[] | undefined,
  keepDims: boolean,
): ReductionAttributes {
  return { axes: normalizeAxes(axes ?? x.shape.map((_, i) => i), x.shape.length), keepDims };
}

/** Lowers a reduction over the height and width of an image in points; `reduce` emits it over the axes it is given. */
export function reduceImage(
  layouts: Layouts,
  { inputs, attributes, shape }: ComputedTensor<ReductionAttributes>,
  reduce: (image: string, axes: readonly number[]) => string,
): LaidOut | undefined {
  const x = inputs[0]!;
  if (x.shape.length !== 4 || attributes.axes.join() !== '2,3' || !layouts.has(x, 'points')) return undefined;
  const reduced = reduce(layouts.name(x, 'points'), [0, 1]);
  return { name: layouts.model.node('Reshape', [reduced, layouts.model.ints(expandable(shape, 0))]), layout: 'first' };
}

/** The sum over all but the channels of an image, as a matrix product with a row of ones: ReduceSum is much slower. */
function sumToChannels(layouts: Layouts, node: ComputedTensor<ReductionAttributes>): LaidOut | undefined {
  const { model } = layouts;
  const x = node.inputs[0]!;
  const known = layouts.has(x, 'points') && !x.shape.some(isSymbol);
  if (node.attributes.axes.join() !== '0,2,3' || x.shape.length !== 4 || !known) return undefined;
  const [count, channels, height, width] = x.shape;
  const rows = count! * height! * width!;
  const matrix = model.node('Reshape', [layouts.name(x, 'points'), model.ints([rows, channels!])]);
  const ones = model.node('Expand', [model.float(1), model.ints([1, rows])]);
  const total = model.node('MatMul', [ones, matrix]);
  return { name: model.node('Reshape', [total, model.ints(node.shape)]), layout: 'first' };
}

const sumOperation = defineOperation<ReductionAttributes>({
  name: 'sum',
  infer: ([x], attributes) => reducedType(x!, attributes),
  gradient: ([x], _output, upstream, { axes }) => [expandAs(reshape(upstream, keptShape(x!, axes)), x!)],
  onnx: (model, [x], { attributes: { axes, keepDims } }) =>
    model.node('ReduceSum', [x!, model.ints(axes)], { keepdims: Number(keepDims) }),
  onnxIn: (layouts, node) =>
    sumToChannels(layouts, node) ??
    reduceImage(layouts, node, (image, axes) =>
      layouts.model.node('ReduceSum', [image, layouts.model.ints(axes)], { keepdims: 0 }),
    ),
  tf: (tf, [x], { attributes: { axes, keepDims } }) => tf.sum(x!, [...axes], keepDims),
});

/** Sum over `axes` (all of them if not given). */
export function sum(x: Tensor, axes?: readonly number[], keepDims = false): Tensor {
  const attributes = reductionAttributes(x, axes, keepDims);
  return attributes.axes.length === 0 ? x : apply(sumOperation, [x], attributes);
}

/** With a number for symbols: Expand leaves a dimension as it is where 1 is asked for, Reshape where it is 0. */
function expandable(shape: Shape, symbol = 1): number[] {
  return shape.map((length) => (isSymbol(length) ? symbol : length));
}

const expandOperation = defineOperation<{ shape: Shape }>({
  name: 'expand',
  infer([x], { shape }) {
    check(sameShape(broadcastShapes(x!.shape, shape), shape), () => {
      return `Cannot expand ${shapeText(x!.shape)} to ${shapeText(shape)}`;
    });
    const extra = shape.length - x!.shape.length;
    check(!shape.some((length, i) => isSymbol(length) && x!.shape[i - extra] !== length), () => {
      return `Expanding ${shapeText(x!.shape)} to ${shapeText(shape)} needs concrete lengths`;
    });
    return { shape: [...shape], dtype: x!.dtype };
  },
  gradient: ([x], _output, upstream) => [sumTo(upstream, x!.shape)],
  onnx: (model, [x], { shape }) => model.node('Expand', [x!, model.ints(expandable(shape))]),
  // One number a channel becomes an image: in points, as the image that it came from.
  onnxIn(layouts, { inputs, shape }) {
    const x = inputs[0]!;
    const isImage = layouts.usesPoints && shape.length === 4 && x.shape.length === 4 && isPerChannel(x.shape);
    if (!isImage || x.shape[1] !== shape[1] || shape.some(isSymbol)) return undefined;
    const [count, channels, height, width] = shape;
    const wide = [perChannel(layouts, x), layouts.model.ints([height!, width!, count!, channels!])];
    return { name: layouts.model.node('Expand', wide), layout: 'points' };
  },
  tf: (tf, [x], { shape }) => {
    const extra = shape.length - x!.shape.length;
    const lengths = shape.map((length, i) => (isSymbol(length) ? x!.shape[i - extra]! : length));
    return tf.broadcastTo(x!, lengths);
  },
});

/** Repeats `x` along dimensions of length 1 (and new leading ones) until it has `shape`. */
export function expand(x: Operand, shape: Shape): Tensor {
  const tensor = tensorOf(x);
  return sameShape(tensor.shape, shape) ? tensor : apply(expandOperation, [tensor], { shape });
}

const expandAsOperation = defineOperation<null>({
  name: 'expandAs',
  infer([x, like]) {
    check(sameShape(broadcastShapes(x!.shape, like!.shape), like!.shape), () => {
      return `Cannot expand ${shapeText(x!.shape)} to ${shapeText(like!.shape)}`;
    });
    return { shape: like!.shape, dtype: x!.dtype };
  },
  gradient: ([x], _output, upstream) => [sumTo(upstream, x!.shape), undefined],
  onnx: (model, [x, like]) => model.node('Expand', [x!, model.node('Shape', [like!])]),
  tf: (tf, [x, like]) => tf.broadcastTo(x!, like!.shape),
});

/** Repeats `x` to the shape of another tensor, whose symbols need not be known. */
export function expandAs(x: Tensor, like: Tensor): Tensor {
  if (!like.shape.some(isSymbol)) return expand(x, like.shape);
  return sameShape(x.shape, like.shape) ? x : apply(expandAsOperation, [x, like], null);
}

/** Sums `x` down to a shape that broadcasts to its own: the gradient of broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const extra = x.shape.length - shape.length;
  const axes = x.shape.map((_, i) => i).filter((i) => i < extra || (shape[i - extra] === 1 && x.shape[i] !== 1));
  return reshape(sum(x, axes, true), shape);
}
