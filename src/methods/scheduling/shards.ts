/**
 * Zig-zag shards (spec of Megatron's and Llama 3's context parallelism): a sequence is cut into 2N chunks and rank j holds
 * chunks j and 2N − 1 − j, so that every rank has the same share of the causal half. The first S mod 2N chunks are one
 * token longer, which makes the ranks' sizes differ by one token at most.
 */

import { check } from '../../core/errors.js';

/** A run of tokens of one sequence, `end` exclusive. */
export interface Shard {
  readonly start: number;
  readonly end: number;
}

/**
 * What rank `rank` of `ranks` holds of a sequence: at most two runs, in the order of their positions, empty ones left out;
 * chunks that touch (those of the last rank) are one run.
 *
 * @throws AppError 'invalid-argument' if the rank is none of the group
 */
export function zigZagShards(length: number, ranks: number, rank: number): readonly Shard[] {
  check(
    Number.isInteger(rank) && rank >= 0 && rank < ranks,
    () => `rank is ${rank}; it must be from 0 to ${ranks - 1} in a group of ${ranks}`,
  );
  const chunks = 2 * ranks;
  const size = Math.floor(length / chunks);
  const longer = length - size * chunks;
  const startOf = (chunk: number): number => chunk * size + Math.min(chunk, longer);
  const early = { start: startOf(rank), end: startOf(rank + 1) };
  const late = { start: startOf(chunks - 1 - rank), end: startOf(chunks - rank) };
  if (early.end === late.start) return early.start < late.end ? [{ start: early.start, end: late.end }] : [];
  return [early, late].filter(({ start, end }) => end > start);
}

/** Tokens of a sharded sequence on one rank; the sum of its `zigZagShards`, floor or ceil of length / ranks. */
export function shardTokens(length: number, ranks: number, rank: number): number {
  const chunks = 2 * ranks;
  const size = Math.floor(length / chunks);
  const longer = length - size * chunks;
  return 2 * size + (rank < longer ? 1 : 0) + (chunks - 1 - rank < longer ? 1 : 0);
}
