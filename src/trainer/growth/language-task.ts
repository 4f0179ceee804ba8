/** The next-token loss of rows of equal length, as a task. */

import type { NamedTensors } from '../../engine/engine.js';
import type { Tensor } from '../../nn/graph.js';
import type { TransformerConfiguration } from '../../nn/networks/transformer/configuration.js';
import { nextTokenLoss } from '../../nn/networks/transformer/next-token-loss.js';
import { headOf, type RowShape, transformerOnRows } from '../../nn/networks/transformer/rows.js';
import type { TensorData } from '../../nn/types.js';
import type { Task } from './task.js';

/** A row of tokens and, for each of them, how much the prediction of the next one counts. */
export interface TokenRow {
  /** Token ids, one more than there are predictions. */
  readonly tokens: ArrayLike<number>;
  /** Of each token that is predicted, from the second; 1 unless given. */
  readonly weights?: ArrayLike<number>;
}

/** The task of batches of rows. */
export function languageTask(
  shape: RowShape,
  rowsOf: (step: number) => readonly TokenRow[],
  heldOut: readonly (readonly TokenRow[])[],
): Task<TransformerConfiguration> {
  return {
    lossOf(configuration, parameter): Tensor {
      const { normed } = transformerOnRows(configuration, parameter, shape);
      return nextTokenLoss(headOf(configuration, parameter, normed));
    },
    batch: (step) => batchOf(shape, rowsOf(step)),
    heldOut: heldOut.map((rows) => batchOf(shape, rows)),
  };
}

/** Rows side by side; what is shorter than a row, or is missing, has no weight. */
function batchOf({ rows, length }: RowShape, given: readonly TokenRow[]): NamedTensors {
  const count = rows * length;
  const tokens = new BigInt64Array(count);
  const [positions, targets, weights] = [0, 1, 2].map(() => new Float32Array(count)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  let total = 0;
  for (let row = 0; row < rows; row++) {
    const own = given[row];
    for (let i = 0; i < length; i++) {
      const at = row * length + i;
      positions[at] = i;
      if (own === undefined || i + 1 >= own.tokens.length) continue;
      tokens[at] = BigInt(own.tokens[i]!);
      targets[at] = own.tokens[i + 1]!;
      weights[at] = own.weights?.[i] ?? 1;
      total += weights[at];
    }
  }
  const column = (data: Float32Array): TensorData => ({ shape: [count, 1], data });
  return {
    tokens: { shape: [count], data: tokens },
    positions: column(positions),
    segments: column(new Float32Array(count)),
    targets: column(targets),
    weights: column(weights),
    normaliser: { shape: [], data: Float32Array.of(Math.max(total, 1e-6)) },
  };
}

/** Multiplications of a forward pass. Attention is counted as it is computed: every token against every one of its row. */
export function languageCost(
  { layers, hidden, heads, keyValueHeads, headWidth, intermediate, vocabulary }: TransformerConfiguration,
  { rows, length }: RowShape,
): number {
  const [queries, keys] = [heads * headWidth, keyValueHeads * headWidth];
  const layer = 2 * hidden * queries + 2 * hidden * keys + 3 * hidden * intermediate + 2 * length * queries;
  return rows * length * (layers * layer + vocabulary * hidden);
}
