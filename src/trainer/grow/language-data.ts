/** A data set as the task of a language model that grows. */

import { check } from '../../core/errors.js';
import { Rng } from '../../core/rng.js';
import type { TransformerConfiguration } from '../../nn/networks/transformer/configuration.js';
import type { RowShape } from '../../nn/networks/transformer/rows.js';
import { describeRefused, readDataset, splitSamples } from '../../text/dataset.js';
import type { Sample } from '../../text/samples.js';
import type { Tokenizer } from '../../text/tokenizer.js';
import { languageTask } from '../growth/language-task.js';
import type { Task } from '../growth/task.js';
import type { GrowConfig } from './config.js';

/** How the data is cut and split. */
export type LanguageDataOptions = Pick<GrowConfig, 'dataset' | 'evaluationShare' | 'evaluationBatches' | 'seed'> & {
  readonly shape: RowShape;
};

/** What is trained and evaluated on; few large arrays, so that it passes quickly from the thread that reads it. */
export interface LanguageRows {
  /** Of all rows, one after the other. */
  readonly tokens: Int32Array;
  /** Of each token but the first of its row. */
  readonly weights: Float32Array;
  /** Where the tokens of each row begin, and where those of the last one end. */
  readonly bounds: Float64Array;
  /** Rows to train on; those to evaluate on come after. */
  readonly training: number;
  /** Figures of the data for the progress of the job. */
  readonly figures: Readonly<Record<string, number>>;
}

interface Row {
  readonly tokens: Int32Array;
  readonly weights: Float32Array;
}

/**
 * Reads, splits and cuts the data.
 *
 * @throws AppError 'invalid-argument' if there are fewer than two samples
 */
export function readLanguageRows(
  file: Uint8Array,
  tokenizer: Tokenizer,
  { dataset, shape, seed, evaluationShare, evaluationBatches }: LanguageDataOptions,
): LanguageRows {
  const { samples, malformed } = readDataset(file, { tokenizer });
  const refused = (): string =>
    `The data set '${dataset}' has ${samples.length} samples; at least 2 are needed. ${describeRefused(malformed)}`;
  check(samples.length >= 2, () => refused().trimEnd());
  const split = splitSamples(samples.length, evaluationShare, seed);
  const rowsOf = (indices: readonly number[]): Row[] => indices.flatMap((index) => cut(samples[index]!, shape.length));
  const [training, evaluation] = [rowsOf(split.train), new Rng(seed).shuffle(rowsOf(split.evaluation))];
  const figures = { samples: split.train.length, evaluationSamples: split.evaluation.length };
  return {
    ...join([...training, ...evaluation.slice(0, evaluationBatches * shape.rows)]),
    training: training.length,
    figures: { ...figures, malformedLines: malformed.length },
  };
}

/** The growth task whose batches are rows of tokens. */
export function taskOfRows(
  rows: LanguageRows,
  { shape, seed }: Pick<LanguageDataOptions, 'shape' | 'seed'>,
): Task<TransformerConfiguration> {
  const { training } = rows;
  const drawn = (step: number): Row[] => {
    const rng = new Rng(seed).fork(step + 1);
    return Array.from({ length: shape.rows }, () => rowAt(rows, rng.int(training)));
  };
  const heldOut: Row[][] = [];
  for (let start = training; start < rows.bounds.length - 1; start += shape.rows) {
    const count = Math.min(shape.rows, rows.bounds.length - 1 - start);
    heldOut.push(Array.from({ length: count }, (_, i) => rowAt(rows, start + i)));
  }
  return languageTask(shape, drawn, heldOut);
}

/** The rows of a sample; those in which nothing is learnt are left out. */
function cut({ tokens, weights }: Sample, length: number): Row[] {
  const rows: Row[] = [];
  for (let begin = 0; begin + 1 < tokens.length; begin += length) {
    const own = weights.subarray(begin + 1, begin + length + 1);
    if (own.includes(1)) rows.push({ tokens: tokens.subarray(begin, begin + length + 1), weights: own });
  }
  return rows;
}

function join(rows: readonly Row[]): Pick<LanguageRows, 'tokens' | 'weights' | 'bounds'> {
  const bounds = new Float64Array(rows.length + 1);
  rows.forEach(({ tokens }, i) => (bounds[i + 1] = bounds[i]! + tokens.length));
  const tokens = new Int32Array(bounds[rows.length]!);
  const weights = new Float32Array(tokens.length - rows.length);
  rows.forEach((row, i) => {
    tokens.set(row.tokens, bounds[i]);
    weights.set(row.weights, bounds[i]! - i);
  });
  return { tokens, weights, bounds };
}

function rowAt({ tokens, weights, bounds }: LanguageRows, index: number): Row {
  const [start, end] = [bounds[index]!, bounds[index + 1]!];
  return { tokens: tokens.subarray(start, end), weights: weights.subarray(start - index, end - index - 1) };
}
