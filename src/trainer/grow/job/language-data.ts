/** A data set as the task of a language model that grows. */

import { check } from '../../../core/errors.js';
import { Rng } from '../../../core/rng.js';
import type { TransformerConfiguration } from '../../../nn/networks/transformer/configuration.js';
import type { RowShape } from '../../../nn/networks/transformer/rows.js';
import { describeRefused, readDataset, splitSamples } from '../../../text/dataset.js';
import type { Sample } from '../../../text/samples.js';
import type { Tokenizer } from '../../../text/tokenizer.js';
import { languageTask, type TokenRow } from '../language-task.js';
import type { Task } from '../task.js';
import type { GrowConfig } from './config.js';

/** How the data is cut and split. */
type Options = Pick<GrowConfig, 'dataset' | 'evaluationShare' | 'evaluationBatches' | 'seed'> & {
  readonly shape: RowShape;
};

/**
 * The task, and figures of the data.
 *
 * @throws AppError 'invalid-argument' if there are fewer than two samples
 */
export function readLanguageTask(
  file: Uint8Array,
  tokenizer: Tokenizer,
  { dataset, shape, seed, evaluationShare, evaluationBatches }: Options,
): { readonly task: Task<TransformerConfiguration>; readonly figures: Readonly<Record<string, number>> } {
  const { samples, malformed } = readDataset(file, { tokenizer });
  const refused = (): string =>
    `The data set '${dataset}' has ${samples.length} samples; at least 2 are needed. ${describeRefused(malformed)}`;
  check(samples.length >= 2, () => refused().trimEnd());
  const split = splitSamples(samples.length, evaluationShare, seed);
  const rowsOf = (indices: readonly number[]): TokenRow[] =>
    indices.flatMap((index) => cut(samples[index]!, shape.length));
  const [training, evaluation] = [rowsOf(split.train), new Rng(seed).shuffle(rowsOf(split.evaluation))];
  const drawn = (step: number): TokenRow[] => {
    const rng = new Rng(seed).fork(step + 1);
    return Array.from({ length: shape.rows }, () => training[rng.int(training.length)]!);
  };
  const batches = Math.min(evaluationBatches, Math.ceil(evaluation.length / shape.rows));
  const heldOut = Array.from({ length: batches }, (_, i) => evaluation.slice(i * shape.rows, (i + 1) * shape.rows));
  const figures = { samples: split.train.length, evaluationSamples: split.evaluation.length };
  return {
    task: languageTask(shape, drawn, heldOut),
    figures: { ...figures, malformedLines: malformed.length },
  };
}

/** The rows of a sample; those in which nothing is learnt are left out. */
function cut({ tokens, weights }: Sample, length: number): TokenRow[] {
  const rows: TokenRow[] = [];
  for (let begin = 0; begin + 1 < tokens.length; begin += length) {
    const own = weights.subarray(begin + 1, begin + length + 1);
    if (own.includes(1)) rows.push({ tokens: tokens.subarray(begin, begin + length + 1), weights: own });
  }
  return rows;
}
