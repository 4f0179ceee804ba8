/** Elementwise operations of two or three operands, with NumPy's broadcasting; comparisons give bool masks. */

import { check } from '../../core/errors.js';
import { type Operand, type Tensor, apply, defineOperation, tensorOf } from '../graph.js';
import { elementType } from '../onnx/model.js';
import type { Tf, TfTensor } from '../tensorflow.js';
import { type DType, type TensorType, broadcastShapes } from '../types.js';
import { sumTo } from './sum.js';

interface BinaryRule {
  readonly name: string;
  readonly onnx: string;
  readonly tf: (tf: Tf, a: TfTensor, b: TfTensor) => TfTensor;
  /** Element type of the result; that of the operands if not given. */
  readonly result?: DType;
  /** Derivatives before broadcasting is undone. */
  readonly gradient: (a: Tensor, b: Tensor, output: Tensor, upstream: Tensor) => readonly [Tensor, Tensor] | [];
}

function binary(rule: BinaryRule): (a: Operand, b: Operand) => Tensor {
  const operation = defineOperation<null>({
    name: rule.name,
    pointwise: true,
    infer(types) {
      const [a, b] = types as [TensorType, TensorType];
      check(a.dtype === b.dtype, `${rule.name} needs two operands of one type, not ${a.dtype} and ${b.dtype}`);
      return { shape: broadcastShapes(a.shape, b.shape), dtype: rule.result ?? a.dtype };
    },
    gradient(inputs, output, upstream) {
      const [a, b] = inputs as [Tensor, Tensor];
      const gradients = rule.gradient(a, b, output, upstream);
      return gradients.map((gradient, i) => sumTo(gradient, inputs[i]!.shape));
    },
    onnx: (model, names) => model.node(rule.onnx, names),
    tf: (tf, [a, b]) => rule.tf(tf, a!, b!),
  });
  return (a, b) => apply(operation, [a, b], null);
}

/** a + b */
export const add = binary({
  name: 'add',
  onnx: 'Add',
  tf: (tf, a, b) => tf.add(a, b),
  gradient: (_a, _b, _y, upstream) => [upstream, upstream],
});

/** a − b */
export const sub = binary({
  name: 'sub',
  onnx: 'Sub',
  tf: (tf, a, b) => tf.sub(a, b),
  gradient: (_a, _b, _y, upstream) => [upstream, mul(upstream, -1)],
});

/** a · b */
export const mul: (a: Operand, b: Operand) => Tensor = binary({
  name: 'mul',
  onnx: 'Mul',
  tf: (tf, a, b) => tf.mul(a, b),
  gradient: (a, b, _y, upstream) => [mul(upstream, b), mul(upstream, a)],
});

/** a / b */
export const div: (a: Operand, b: Operand) => Tensor = binary({
  name: 'div',
  onnx: 'Div',
  tf: (tf, a, b) => tf.div(a, b),
  gradient: (_a, b, y, upstream) => [div(upstream, b), mul(mul(upstream, -1), div(y, b))],
});

/** Mask of a > b. */
export const greater = binary({
  name: 'greater',
  onnx: 'Greater',
  tf: (tf, a, b) => tf.greater(a, b),
  result: 'bool',
  gradient: () => [],
});

/** Mask of a = b. */
export const equal = binary({
  name: 'equal',
  onnx: 'Equal',
  tf: (tf, a, b) => tf.equal(a, b),
  result: 'bool',
  gradient: () => [],
});

/** The larger of both; where they are equal the gradient goes to b. */
export const maximum = binary({
  name: 'maximum',
  onnx: 'Max',
  tf: (tf, a, b) => tf.maximum(a, b),
  gradient: (a, b, _y, upstream) => [where(greater(a, b), upstream, 0), where(greater(a, b), 0, upstream)],
});

/** The smaller of both; where they are equal the gradient goes to b. */
export const minimum = binary({
  name: 'minimum',
  onnx: 'Min',
  tf: (tf, a, b) => tf.minimum(a, b),
  gradient: (a, b, _y, upstream) => [where(greater(b, a), upstream, 0), where(greater(b, a), 0, upstream)],
});

/** `x` kept between `low` and `high`; no gradient flows where it is cut. */
export function clip(x: Operand, low: number, high: number): Tensor {
  check(low <= high, `clip needs low <= high, not ${low} and ${high}`);
  return minimum(maximum(x, low), high);
}

const whereOperation = defineOperation<null>({
  name: 'where',
  pointwise: true,
  infer(types) {
    const [condition, a, b] = types as [TensorType, TensorType, TensorType];
    check(condition.dtype === 'bool', `where needs a bool mask, not ${condition.dtype}`);
    check(a.dtype === b.dtype, `where needs two operands of one type, not ${a.dtype} and ${b.dtype}`);
    return { shape: broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape)), dtype: a.dtype };
  },
  gradient(inputs, _output, upstream) {
    const [condition, a, b] = inputs as [Tensor, Tensor, Tensor];
    return [undefined, sumTo(where(condition, upstream, 0), a.shape), sumTo(where(condition, 0, upstream), b.shape)];
  },
  onnx: (model, names) => model.node('Where', names),
  tf: (tf, [condition, a, b]) => tf.where(condition!, a!, b!),
});

/** `a` where the mask holds, `b` elsewhere. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  return apply(whereOperation, [condition, a, b], null);
}

const tfTypes = { float32: 'float32', int64: 'int32', bool: 'bool' } as const;

const castOperation = defineOperation<{ dtype: DType }>({
  name: 'cast',
  pointwise: true,
  infer: ([x], { dtype }) => ({ shape: x!.shape, dtype }),
  gradient: () => [undefined],
  onnx: (model, [x], { dtype }) => model.node('Cast', [x!], { to: elementType(dtype) }),
  tf: (tf, [x], { dtype }) => tf.cast(x!, tfTypes[dtype]),
});

/** Converts the elements; a mask becomes 0 and 1. No gradient flows through. */
export function cast(x: Operand, dtype: DType): Tensor {
  const tensor = tensorOf(x);
  return tensor.dtype === dtype ? tensor : apply(castOperation, [tensor], { dtype });
}
