/** Elementwise functions of one operand. */

import { check } from '../../core/errors.js';
import { type Operand, type Tensor, apply, defineOperation } from '../graph.js';
import type { OnnxModel } from '../onnx/model.js';
import type { Tf, TfTensor } from '../tensorflow.js';
import { add, div, greater, mul, sub, where } from './arithmetic.js';

interface UnaryRule {
  readonly name: string;
  /** Name of the ONNX operation, or a function that emits it. */
  readonly onnx: string | ((model: OnnxModel, x: string) => string);
  readonly tf: (tf: Tf, x: TfTensor) => TfTensor;
  readonly gradient: (x: Tensor, output: Tensor, upstream: Tensor) => Tensor;
}

function unary(rule: UnaryRule): (x: Operand) => Tensor {
  const operation = defineOperation<null>({
    name: rule.name,
    pointwise: true,
    infer([x]) {
      check(x!.dtype === 'float32', `${rule.name} needs float32, not ${x!.dtype}`);
      return { shape: x!.shape, dtype: 'float32' };
    },
    gradient: ([x], output, upstream) => [rule.gradient(x!, output, upstream)],
    onnx: (model, [x]) => (typeof rule.onnx === 'string' ? model.node(rule.onnx, [x!]) : rule.onnx(model, x!)),
    tf: (tf, [x]) => rule.tf(tf, x!),
  });
  return (x) => apply(operation, [x], null);
}

/** −x */
export const neg = unary({
  name: 'neg',
  onnx: 'Neg',
  tf: (tf, x) => tf.neg(x),
  gradient: (_x, _y, upstream) => mul(upstream, -1),
});

/** −1, 0 or 1. Its gradient is zero. */
export const sign = unary({
  name: 'sign',
  onnx: 'Sign',
  tf: (tf, x) => tf.sign(x),
  gradient: (_x, _y, upstream) => mul(upstream, 0),
});

/** |x|, with slope 0 at 0. */
export const abs = unary({
  name: 'abs',
  onnx: 'Abs',
  tf: (tf, x) => tf.abs(x),
  gradient: (x, _y, upstream) => mul(upstream, sign(x)),
});

const stopOperation = defineOperation<null>({
  name: 'stopGradient',
  pointwise: true,
  infer: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  gradient: () => [undefined],
  onnx: (model, [x]) => model.node('Identity', [x!]),
  tf: (tf, [x]) => tf.reshape(x!, x!.shape),
});

/** x, as something that the loss does not depend on. */
export function stopGradient(x: Tensor): Tensor {
  return apply(stopOperation, [x], null);
}

/** x² */
export function square(x: Tensor): Tensor {
  return mul(x, x);
}

/** √x */
export const sqrt = unary({
  name: 'sqrt',
  onnx: 'Sqrt',
  tf: (tf, x) => tf.sqrt(x),
  gradient: (_x, y, upstream) => div(mul(upstream, 0.5), y),
});

/** eˣ */
export const exp = unary({
  name: 'exp',
  onnx: 'Exp',
  tf: (tf, x) => tf.exp(x),
  gradient: (_x, y, upstream) => mul(upstream, y),
});

/** Natural logarithm. */
export const log = unary({
  name: 'log',
  onnx: 'Log',
  tf: (tf, x) => tf.log(x),
  gradient: (x, _y, upstream) => div(upstream, x),
});

/**
 * 1 where x > 0, else 0; its gradient is zero. In ONNX a hard sigmoid so steep that every normal number above 0 is past
 * its end: one fast pass, where a comparison and a choice are two slow ones. A training step spends them on every ReLU.
 */
export const step = unary({
  name: 'step',
  onnx: (model, x) => model.node('HardSigmoid', [x], { alpha: { float: 3e38 }, beta: { float: 0 } }),
  tf: (tf, x) => tf.step(x),
  gradient: (_x, _y, upstream) => mul(upstream, 0),
});

/** max(x, 0), with slope 0 at 0. */
export const relu = unary({
  name: 'relu',
  onnx: 'Relu',
  tf: (tf, x) => tf.relu(x),
  gradient: (_x, y, upstream) => mul(upstream, step(y)),
});

/** Hyperbolic tangent. */
export const tanh = unary({
  name: 'tanh',
  onnx: 'Tanh',
  tf: (tf, x) => tf.tanh(x),
  gradient: (_x, y, upstream) => mul(upstream, sub(1, mul(y, y))),
});

/** 1 / (1 + e⁻ˣ) */
export const sigmoid = unary({
  name: 'sigmoid',
  onnx: 'Sigmoid',
  tf: (tf, x) => tf.sigmoid(x),
  gradient: (_x, y, upstream) => mul(upstream, mul(y, sub(1, y))),
});

/** Sine of radians. */
export const sin: (x: Operand) => Tensor = unary({
  name: 'sin',
  onnx: 'Sin',
  tf: (tf, x) => tf.sin(x),
  gradient: (x, _y, upstream) => mul(upstream, cos(x)),
});

/** Cosine of radians. */
export const cos: (x: Operand) => Tensor = unary({
  name: 'cos',
  onnx: 'Cos',
  tf: (tf, x) => tf.cos(x),
  gradient: (x, _y, upstream) => mul(mul(upstream, -1), sin(x)),
});

/** log(1 + eˣ) */
export const softplus = unary({
  name: 'softplus',
  onnx: 'Softplus',
  tf: (tf, x) => tf.softplus(x),
  gradient: (x, _y, upstream) => mul(upstream, sigmoid(x)),
});

/** x · sigmoid(x) (Elfwing et al. 2017; also called swish). */
export function silu(x: Tensor): Tensor {
  return mul(x, sigmoid(x));
}

/** x · tanh(softplus(x)) (Misra 2019). */
export function mish(x: Tensor): Tensor {
  return mul(x, tanh(softplus(x)));
}

/** Huber's loss of an error: quadratic up to `delta`, then linear (Huber 1964). */
export function huber(error: Tensor, delta: number): Tensor {
  const size = abs(error);
  const linear = sub(mul(size, delta), (delta * delta) / 2);
  return where(greater(size, delta), linear, mul(square(error), 0.5));
}

/** x + y for a list of tensors, in order. */
export function addAll(xs: readonly Tensor[]): Tensor {
  return xs.reduce((total, x) => add(total, x));
}
