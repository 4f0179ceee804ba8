/** What a rank's memory holds, counted from the sizes of the network, and how many tokens fit. */

import { bucketSize, type MemoryModel } from '../methods/scheduling/bucket-size.js';
import type { TransformerConfiguration } from '../nn/networks/transformer/configuration.js';
import { keyValueWidth } from './kernels.js';
import { QUERY_ROWS } from './packing.js';

const FLOAT = 4;

/**
 * Bytes of activations for each token: what is kept of every layer for the backward pass, the largest working set of a
 * piece (hidden layer or logits, with gradients), gathered keys and values, and the scores of a block of queries.
 */
export function activationMemory(architecture: TransformerConfiguration): MemoryModel {
  const { layers, hidden, heads, headWidth, intermediate, vocabulary } = architecture;
  const queryWidth = heads * headWidth;
  const kept = layers * (hidden + 2 * queryWidth + 2 * keyValueWidth(architecture));
  const working = Math.max(8 * intermediate + 6 * hidden, 5 * vocabulary);
  const gathered = 4 * keyValueWidth(architecture);
  const scores = 4 * heads * QUERY_ROWS;
  return { bytesPerToken: FLOAT * (kept + working + gathered + scores), fixedBytes: 0 };
}

/**
 * Tokens that a rank can hold.
 *
 * @param parameters number of weights; a rank has a copy of them and two of their gradients
 * @param memoryBytes what a rank may use
 * @throws AppError 'invalid-argument' if not even one token fits
 */
export function fittingTokens(architecture: TransformerConfiguration, parameters: number, memoryBytes: number): number {
  const staticBytes = 3 * FLOAT * parameters;
  return bucketSize(activationMemory(architecture), { memoryBytes, staticBytes });
}
