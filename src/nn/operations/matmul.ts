/** Matrix products, batched over leading dimensions. */

import { check } from '../../core/errors.js';
import { type Tensor, apply, defineOperation } from '../graph.js';
import type { Tf, TfTensor } from '../tensorflow.js';
import { type TensorType, broadcastShapes, sameShape, shapeText } from '../types.js';
import { transpose } from './shape.js';
import { sumTo } from './sum.js';

const matMulOperation = defineOperation<null>({
  name: 'matMul',
  infer(types) {
    const [a, b] = types as [TensorType, TensorType];
    const inner = a.shape.at(-1);
    const fits = a.shape.length >= 2 && b.shape.length >= 2 && inner === b.shape.at(-2);
    check(fits, () => `Cannot multiply matrices of shapes ${shapeText(a.shape)} and ${shapeText(b.shape)}`);
    check(a.dtype === 'float32' && b.dtype === 'float32', `matMul needs float32, not ${a.dtype} and ${b.dtype}`);
    const leading = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
    return { shape: [...leading, a.shape.at(-2)!, b.shape.at(-1)!], dtype: 'float32' };
  },
  gradient(inputs, _output, upstream) {
    const [a, b] = inputs as [Tensor, Tensor];
    return [sumTo(matMul(upstream, swapLast(b)), a.shape), sumTo(matMul(swapLast(a), upstream), b.shape)];
  },
  onnx: (model, names) => model.node('MatMul', names),
  // TensorFlow.js pairs matrices wrongly where leading dimensions of both are stretched.
  tf: (tf, [a, b]) => tf.matMul(stretched(tf, a!, b!), stretched(tf, b!, a!)),
});

/** `[…, n, k]` times `[…, k, m]` gives `[…, n, m]`; leading dimensions broadcast. */
export function matMul(a: Tensor, b: Tensor): Tensor {
  return apply(matMulOperation, [a, b], null);
}

function stretched(tf: Tf, x: TfTensor, other: TfTensor): TfTensor {
  const [mine, theirs] = [x.shape.slice(0, -2), other.shape.slice(0, -2)];
  const leading = broadcastShapes(mine, theirs);
  return sameShape(leading, mine) ? x : tf.broadcastTo(x, [...leading, ...x.shape.slice(-2)]);
}

/** Transposes the matrices: the last two dimensions change places. */
export function swapLast(x: Tensor): Tensor {
  const last = x.shape.length - 1;
  const permutation = x.shape.map((_, i) => (i === last ? last - 1 : i === last - 1 ? last : i));
  return transpose(x, permutation);
}
