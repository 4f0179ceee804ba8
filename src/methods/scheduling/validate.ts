/** Refuses clusters, settings and lengths that no plan can be made for, each with a sentence. */

import { check } from '../../core/errors.js';
import type { CostModel } from './cost-model.js';
import type { Cluster, SchedulingOptions } from './plan.js';

/** Largest degree in either direction; placements are 16-bit numbers. */
export const MOST_RANKS = 4096;
/** Tokens of a bucket or a sequence; sums over a batch stay exact. */
export const MOST_TOKENS = 2 ** 31 - 1;
/** Any constant of the cost model; times of a step stay finite. */
export const MOST_COST = 1e15;
/** Sequences of a step. */
export const MOST_SEQUENCES = 2 ** 20;

const constants: readonly (keyof CostModel)[] = [
  'linearMs',
  'attentionMs',
  'attentionHalfTokens',
  'computeMs',
  'exchangeMsPerToken',
  'exchangeMs',
  'exchangeFloorMs',
  'microBatchMs',
  'stepMs',
];

/** @throws AppError 'invalid-argument' naming the field, the value seen and the values allowed */
export function checkCluster(cluster: Cluster): void {
  whole('dataParallel', cluster.dataParallel, MOST_RANKS);
  whole('contextParallel', cluster.contextParallel, MOST_RANKS);
  whole('bucketSize', cluster.bucketSize, MOST_TOKENS);
  within('gatheredShare', cluster.gatheredShare ?? 0, 1);
  for (const name of constants) within(`cost.${name}`, cluster.cost[name], MOST_COST);
  const { linearMs, attentionMs } = cluster.cost;
  check(linearMs > 0 || attentionMs > 0, 'cost.linearMs and cost.attentionMs are 0; one must be above 0 to balance by');
}

/** @throws AppError 'invalid-argument' naming the setting, the value seen and the values allowed */
export function checkOptions({ microBatch }: SchedulingOptions): void {
  if (microBatch !== undefined) whole('microBatch', microBatch, MOST_TOKENS);
}

/**
 * Whether a sequence can be computed at all: whole on one rank, or sharded over the whole group.
 *
 * @param length tokens, an integer of at least 1
 */
export function fitsCluster(length: number, { bucketSize, contextParallel, gatheredShare = 0 }: Cluster): boolean {
  // Sizes of shards differ by one token, and this is the largest.
  const largest = Math.ceil(length / contextParallel);
  return length <= bucketSize || largest + gatheredShare * length <= bucketSize;
}

/** The longest sequence that `fitsCluster`, in tokens. */
export function longestSequence(cluster: Cluster): number {
  const { bucketSize, contextParallel, gatheredShare = 0 } = cluster;
  let length = Math.floor(bucketSize / (1 / contextParallel + gatheredShare));
  // The largest shard is rounded up, which costs a few tokens at most.
  while (!fitsCluster(length, cluster)) length--;
  return Math.max(length, bucketSize);
}

/** @throws AppError 'invalid-argument' with the index of the first sequence that is no length or does not fit */
export function checkLengths(lengths: ArrayLike<number>, cluster: Cluster): void {
  check(
    lengths.length >= 1 && lengths.length <= MOST_SEQUENCES,
    () => `There are ${lengths.length} sequences; a step has 1 to ${MOST_SEQUENCES}`,
  );
  for (let i = 0; i < lengths.length; i++) {
    const length = lengths[i]!;
    whole(`lengths[${i}]`, length, MOST_TOKENS);
    const { bucketSize, contextParallel } = cluster;
    check(
      fitsCluster(length, cluster),
      () =>
        `lengths[${i}] is ${length} tokens; a group of ${contextParallel} ranks with ${bucketSize} tokens each holds ` +
        `at most ${longestSequence(cluster)} of a sequence`,
    );
  }
}

function whole(name: string, value: number, most: number): void {
  check(
    Number.isInteger(value) && value >= 1 && value <= most,
    () => `${name} is ${value}; it must be a whole number from 1 to ${most}`,
  );
}

function within(name: string, value: number, most: number): void {
  check(value >= 0 && value <= most, () => `${name} is ${value}; it must be a number from 0 to ${most}`);
}
