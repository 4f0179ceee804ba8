/** The data of a job: samples as tokens, split, with what was refused. */

import { AppError, check } from '../../core/errors.js';
import {
  type NumberedSample,
  type RefusedLine,
  describeRefused,
  lengthOf,
  readDataset,
  splitSamples,
} from '../../text/dataset.js';
import type { Tokenizer } from '../../text/tokenizer.js';
import type { SftConfig } from './config.js';

/** What a job learns from. */
export interface SftSamples {
  readonly samples: readonly NumberedSample[];
  /** Positions by sample number. */
  readonly lengths: readonly number[];
  /** Sample numbers. */
  readonly train: readonly number[];
  readonly evaluation: readonly number[];
  /** Lines left out. */
  readonly malformed: readonly RefusedLine[];
  readonly tooLong: readonly RefusedLine[];
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
  const split = splitSamples(samples.length, config.evaluationShare, config.seed);
  return { samples, lengths: samples.map(lengthOf), ...split, malformed, tooLong };
}
