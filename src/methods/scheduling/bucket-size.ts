/** How many tokens a rank can hold, from its memory (Skrull, Eq. 12: memory is linear in the tokens). */

import { check } from '../../core/errors.js';
import { nonNegativeLeastSquares } from './least-squares.js';

/** Largest memory of one packed micro-step. */
export interface MemorySample {
  readonly tokens: number;
  readonly bytes: number;
}

/** α_m and β_m of Eq. 12. */
export interface MemoryModel {
  readonly bytesPerToken: number;
  readonly fixedBytes: number;
}

/** Share of the memory that is planned with, so that what the model leaves out still fits. */
const SAFE_SHARE = 0.92;

/** Eq. 12 from measurements, weighted by 1 / bytes². @throws AppError 'invalid-argument' without a sample above 0 bytes */
export function fitMemory(samples: readonly MemorySample[]): MemoryModel {
  samples.forEach(({ bytes }, i) => check(bytes > 0, () => `samples[${i}] took ${bytes} bytes; it must be above 0`));
  check(samples.length > 0, 'There is no sample; memory cannot be fitted');
  const [bytesPerToken = 0, fixedBytes = 0] = nonNegativeLeastSquares(
    samples.map(({ tokens }) => [tokens, 1]),
    samples.map(({ bytes }) => bytes),
    samples.map(({ bytes }) => 1 / bytes ** 2),
  );
  return { bytesPerToken, fixedBytes };
}

/**
 * C: ⌊(0.92 · memory − static − β_m) / α_m⌋ tokens.
 *
 * @param memoryBytes what a rank may use
 * @param staticBytes of it for weights, gradients and optimizer state
 * @throws AppError 'invalid-argument' if not even one token fits
 */
export function bucketSize(
  { bytesPerToken, fixedBytes }: MemoryModel,
  { memoryBytes, staticBytes }: { readonly memoryBytes: number; readonly staticBytes: number },
): number {
  const tokens = Math.floor((SAFE_SHARE * memoryBytes - staticBytes - fixedBytes) / bytesPerToken);
  check(
    tokens >= 1,
    () => `A rank with ${memoryBytes} bytes has no room for a token beside ${staticBytes + fixedBytes} bytes`,
  );
  return tokens;
}
