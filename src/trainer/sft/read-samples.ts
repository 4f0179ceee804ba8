/** The reading of a job's data. Runs in a thread: how long it takes, a vocabulary's own patterns decide, and some never end. */

import { modelTokenizer } from '../../text/model-tokenizer.js';
import { transferring } from '../../threads/messages.js';
import type { SftConfig } from './config.js';
import { readSftSamples, type SftSamples } from './samples.js';

/**
 * Reads and splits the data; see `readSftSamples`.
 *
 * @param metadata of the model, with its vocabulary
 * @param vocabulary number of tokens that the model knows
 */
export function readSamples(
  file: Uint8Array,
  metadata: Readonly<Record<string, string>>,
  vocabulary: number,
  config: SftConfig,
): SftSamples {
  const samples = readSftSamples(file, modelTokenizer(metadata, vocabulary), config);
  const { tokens, weights, bounds, train, evaluation } = samples;
  const buffers = [tokens, weights, bounds, train, evaluation].map(({ buffer }) => buffer as ArrayBuffer);
  return transferring(samples, buffers);
}
