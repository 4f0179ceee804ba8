/** Softmax and its logarithm along one dimension, computed stably by the engines. */

import { check } from '../../core/errors.js';
import { type Operation, type Tensor, apply, defineOperation } from '../graph.js';
import { normalizeAxes } from '../types.js';
import { mul, sub } from './arithmetic.js';
import { exp } from './elementwise.js';
import { transpose } from './shape.js';
import { sum } from './sum.js';

interface Axis {
  readonly axis: number;
}

const softmaxOperation = defineOperation<Axis>({
  name: 'softmax',
  infer: ([x]) => ({ shape: x!.shape, dtype: 'float32' }),
  gradient(_inputs, y, upstream, { axis }) {
    const flow = mul(upstream, y);
    return [sub(flow, mul(y, sum(flow, [axis], true)))];
  },
  onnx: (model, [x], { attributes }) => model.node('Softmax', [x!], { axis: attributes.axis }),
  tf: (tf, [x], { attributes }) => tf.softmax(x!, attributes.axis),
});

const logSoftmaxOperation = defineOperation<Axis>({
  name: 'logSoftmax',
  infer: ([x]) => ({ shape: x!.shape, dtype: 'float32' }),
  gradient: (_inputs, y, upstream, { axis }) => [sub(upstream, mul(exp(y), sum(upstream, [axis], true)))],
  onnx: (model, [x], { attributes }) => model.node('LogSoftmax', [x!], { axis: attributes.axis }),
  tf: (tf, [x], { attributes }) => tf.logSoftmax(x!, attributes.axis),
});

/** exp(x) / Σ exp(x) along `axis`. */
export function softmax(x: Tensor, axis = -1): Tensor {
  return along(softmaxOperation, x, axis);
}

/** x − log Σ exp(x) along `axis`. */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return along(logSoftmaxOperation, x, axis);
}

/** TensorFlow.js only does the last dimension, so others are moved there. */
function along(operation: Operation<Axis>, x: Tensor, axis: number): Tensor {
  check(x.dtype === 'float32', `${operation.name} needs float32, not ${x.dtype}`);
  const last = x.shape.length - 1;
  const at = normalizeAxes([axis], x.shape.length)[0]!;
  if (at === last) return apply(operation, [x], { axis: last });
  const swap = x.shape.map((_, i) => (i === at ? last : i === last ? at : i));
  return transpose(apply(operation, [transpose(x, swap)], { axis: last }), swap);
}
