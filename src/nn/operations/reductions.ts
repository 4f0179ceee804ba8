/** Mean and maximum over dimensions. (Sum has its own file: broadcasting's gradient needs it.) */

import { check } from '../../core/errors.js';
import { type Tensor, apply, defineOperation } from '../graph.js';
import type { OnnxModel } from '../onnx/model.js';
import { type TensorType, isSymbol, sizeOf } from '../types.js';
import { cast, div, equal, mul } from './arithmetic.js';
import { reshape } from './shape.js';
import {
  type ReductionAttributes,
  expandAs,
  keptShape,
  reduceImage,
  reducedType,
  reductionAttributes,
  sum,
} from './sum.js';

/** Pooling over a whole image has its own ONNX operation, which ONNX Runtime can run on its blocked layout. */
function reduce(
  model: OnnxModel,
  x: string,
  type: TensorType,
  attributes: ReductionAttributes,
  kinds: { readonly reduction: string; readonly pooling: string },
): string {
  const { axes, keepDims } = attributes;
  if (type.shape.length !== 4 || axes.join() !== '2,3') {
    return model.node(kinds.reduction, [x], { axes, keepdims: Number(keepDims) });
  }
  const pooled = model.node(kinds.pooling, [x]);
  return keepDims ? pooled : model.node('Reshape', [pooled, model.ints([0, 0])]);
}

const meanOperation = defineOperation<ReductionAttributes>({
  name: 'mean',
  infer: ([x], attributes) => reducedType(x!, attributes),
  gradient([x], _output, upstream, { axes }) {
    const lengths = axes.map((axis) => x!.shape[axis]!);
    check(!lengths.some(isSymbol), 'The gradient of a mean needs concrete lengths');
    return [expandAs(reshape(mul(upstream, 1 / sizeOf(lengths)), keptShape(x!, axes)), x!)];
  },
  onnx: (model, [x], { inputs, attributes }) =>
    reduce(model, x!, inputs[0]!, attributes, { reduction: 'ReduceMean', pooling: 'GlobalAveragePool' }),
  onnxIn: (layouts, node) =>
    reduceImage(layouts, node, (image, axes) => layouts.model.node('ReduceMean', [image], { axes, keepdims: 0 })),
  tf: (tf, [x], { attributes: { axes, keepDims } }) => tf.mean(x!, [...axes], keepDims),
});

/** Mean over `axes` (all of them if not given). */
export function mean(x: Tensor, axes?: readonly number[], keepDims = false): Tensor {
  const attributes = reductionAttributes(x, axes, keepDims);
  return attributes.axes.length === 0 ? x : apply(meanOperation, [x], attributes);
}

const maxOperation = defineOperation<ReductionAttributes>({
  name: 'max',
  infer: ([x], attributes) => reducedType(x!, attributes),
  gradient([x], output, upstream, { axes }) {
    const kept = keptShape(x!, axes);
    const winners = cast(equal(x!, reshape(output, kept)), 'float32');
    return [mul(winners, div(reshape(upstream, kept), sum(winners, axes, true)))];
  },
  onnx: (model, [x], { inputs, attributes }) =>
    reduce(model, x!, inputs[0]!, attributes, { reduction: 'ReduceMax', pooling: 'GlobalMaxPool' }),
  onnxIn: (layouts, node) =>
    reduceImage(layouts, node, (image, axes) => layouts.model.node('ReduceMax', [image], { axes, keepdims: 0 })),
  tf: (tf, [x], { attributes: { axes, keepDims } }) => tf.max(x!, [...axes], keepDims),
});

/** Maximum over `axes` (all of them if not given); equal winners share the gradient evenly. */
export function max(x: Tensor, axes?: readonly number[], keepDims = false): Tensor {
  const attributes = reductionAttributes(x, axes, keepDims);
  return attributes.axes.length === 0 ? x : apply(maxOperation, [x], attributes);
}
