/** The data of a job: samples as tokens, split, with what was refused. */

import { AppError, check } from '../../core/errors.js';
import type { StepSequence } from '../../ranks/rows.js';
import { describeRefused, type NumberedSample, readDataset, splitSamples } from '../../text/dataset.js';
import type { Tokenizer } from '../../text/tokenizer.js';
import type { SftConfig } from './config.js';

/** What a job learns from; few large arrays, so that it passes quickly from the thread that reads it. */
export interface SftSamples {
  /** Of all samples, one after the other. */
  readonly tokens: Int32Array;
  readonly weights: Float32Array;
  /** Where each sample begins, and where the last one ends. */
  readonly bounds: Float64Array;
  /** Sample numbers. */
  readonly train: Int32Array;
  readonly evaluation: Int32Array;
  /** Lines left out, and which they are. */
  readonly malformedLines: number;
  readonly skippedLines: number;
  readonly refused: string;
}

/**
 * Reads and splits the data.
 *
 * @throws AppError 'invalid-argument' if a sample is longer than the memory of a group (and `tooLong` refuses), naming
 *   its line, or if nothing is left to train on
 */
export function readSftSamples(file: Uint8Array, tokenizer: Tokenizer, config: SftConfig): SftSamples {
  const maxTokens = config.bucketSize * config.contextParallel;
  const { samples, malformed, tooLong } = readDataset(file, { tokenizer, maxTokens });
  if (tooLong.length > 0 && config.tooLong === 'refuse') {
    throw new AppError(
      'invalid-argument',
      `The data set '${config.dataset}' has samples that do not fit: ${describeRefused(tooLong)}. ` +
        `Raise bucketSize or contextParallel, or set tooLong=skip`,
    );
  }
  check(
    samples.length > 0,
    () => `The data set '${config.dataset}' holds no sample. ${describeRefused([...malformed, ...tooLong])}`,
  );
  const { train, evaluation } = splitSamples(samples.length, config.evaluationShare, config.seed);
  const words = [
    malformed.length > 0 ? `Malformed lines are left out. ${describeRefused(malformed)}` : '',
    tooLong.length > 0 ? `Lines longer than the memory are left out. ${describeRefused(tooLong)}` : '',
  ];
  return {
    ...join(samples),
    train: Int32Array.from(train),
    evaluation: Int32Array.from(evaluation),
    malformedLines: malformed.length,
    skippedLines: tooLong.length,
    refused: words.filter((word) => word !== '').join('. '),
  };
}

/** A sample by its number: copied, since with a part of an array all of the array passes to a rank. */
export function sampleAt({ tokens, weights, bounds }: SftSamples, index: number): StepSequence {
  const [start, end] = [bounds[index], bounds[index + 1]];
  return { tokens: tokens.slice(start, end), weights: weights.slice(start, end) };
}

/** Positions that a network computes, by sample number: the last token is only predicted. */
export function lengthsOf({ bounds }: SftSamples): Int32Array {
  return Int32Array.from({ length: bounds.length - 1 }, (_, i) => bounds[i + 1]! - bounds[i]! - 1);
}

function join(samples: readonly NumberedSample[]): Pick<SftSamples, 'tokens' | 'weights' | 'bounds'> {
  const bounds = new Float64Array(samples.length + 1);
  samples.forEach(({ tokens }, i) => (bounds[i + 1] = bounds[i]! + tokens.length));
  const tokens = new Int32Array(bounds[samples.length]!);
  const weights = new Float32Array(tokens.length);
  samples.forEach((sample, i) => {
    tokens.set(sample.tokens, bounds[i]);
    weights.set(sample.weights, bounds[i]);
  });
  return { tokens, weights, bounds };
}
