/** Marks sums over the positions of a batch, where a training step may be cut into parts (see ../parts.ts). */

import { type Tensor, apply, defineOperation } from '../graph.js';

export const TOTAL = 'total';

const operation = defineOperation<null>({
  name: TOTAL,
  infer: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  gradient: (_inputs, _output, upstream) => [upstream],
  onnx: (model, [x]) => model.node('Identity', [x!]),
  tf: (tf, [x]) => tf.reshape(x!, [...x!.shape]),
});

/**
 * `x` itself, a sum over positions: of a batch that is computed in parts, the sum over all parts. A position whose inputs
 * are all zero must add nothing.
 */
export function total(x: Tensor): Tensor {
  return apply(operation, [x], null);
}
