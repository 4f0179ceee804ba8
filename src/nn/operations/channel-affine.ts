/** A scale and a bias for each channel of an image: what a batch norm is once its statistics are fixed. */

import { check } from '../../core/errors.js';
import { type LaidOut, type Layouts, type ComputedTensor, type Tensor, apply, defineOperation } from '../graph.js';
import { sameShape, shapeText } from '../types.js';
import { add, mul } from './arithmetic.js';
import { reshape } from './shape.js';
import { sum } from './sum.js';

const operation = defineOperation<null>({
  name: 'channelAffine',
  infer([x, scale, bias]) {
    const channels = [x!.shape[1]!];
    const fits = x!.shape.length === 4 && sameShape(scale!.shape, channels) && sameShape(bias!.shape, channels);
    check(fits, () => {
      return `Cannot scale ${shapeText(x!.shape)} by ${shapeText(scale!.shape)} and add ${shapeText(bias!.shape)}; wanted are [N,C,H,W], [C] and [C]`;
    });
    return { shape: x!.shape, dtype: 'float32' };
  },
  gradient: ([x, scale], _output, upstream) => [
    mul(upstream, reshape(scale!, [scale!.shape[0]!, 1, 1])),
    sum(mul(upstream, x!), [0, 2, 3]),
    sum(upstream, [0, 2, 3]),
  ],
  // ONNX Runtime folds a batch norm with constants into the convolution before it, or runs it in its blocked layout.
  onnx(model, [x, scale, bias], { inputs }) {
    const channels = inputs[1]!.shape;
    const mean = model.constant(new Float32Array(channels[0]!), channels);
    const variance = model.constant(new Float32Array(channels[0]!).fill(1), channels);
    return model.node('BatchNormalization', [x!, scale!, bias!, mean, variance], { epsilon: { float: 0 } });
  },
  onnxIn: inPoints,
  tf(tf, [x, scale, bias]) {
    const wide = [scale!.shape[0]!, 1, 1];
    return tf.add(tf.mul(x!, tf.reshape(scale!, wide)), tf.reshape(bias!, wide));
  },
});

/** Stays point by point where the image is so already: training, where scale and bias are not constant. */
function inPoints(layouts: Layouts, { inputs }: ComputedTensor<null>): LaidOut | undefined {
  const [x, scale, bias] = inputs as [Tensor, Tensor, Tensor];
  if (!layouts.has(x, 'points')) return undefined;
  const scaled = layouts.model.node('Mul', [layouts.name(x, 'points'), layouts.name(scale)]);
  return { name: layouts.model.node('Add', [scaled, layouts.name(bias)]), layout: 'points' };
}

/** `x · scale + bias` for an image `x` [N, C, H, W]; `scale` and `bias` [C]. */
export function channelAffine(x: Tensor, scale: Tensor, bias: Tensor): Tensor {
  return apply(operation, [x, scale, bias], null);
}

/** Adds `bias` [N, C] to every point of `x` [N, C, H, W]. */
export function addToChannels(x: Tensor, bias: Tensor): Tensor {
  return add(x, reshape(bias, [bias.shape[0]!, bias.shape[1]!, 1, 1]));
}
