/**
 * GDS, global data scheduling (Skrull, Alg. 2): which data-parallel rank gets which sequences of a global batch, and in
 * which micro-batches.
 */

import { assert } from '../../core/errors.js';
import { sequenceMs } from './cost-model.js';
import { dacp, type DacpOptions } from './dacp.js';
import { SHARDED, type Cluster } from './plan.js';
import { RankBudget } from './rank-budget.js';

/** Sequences with their placements, the longest last. */
export interface PlacedBatch {
  readonly sequences: Int32Array;
  readonly placements: Int16Array;
}

/** Places the sequences of a micro-batch, given from short to long; undefined if they do not fit. */
export type Placer = (sequences: Int32Array) => Int16Array | undefined;

/** Indices from the shortest sequence to the longest; equal ones in the order of the batch. */
export function ascending(lengths: ArrayLike<number>): Int32Array {
  const count = lengths.length;
  // Native sort of one typed array: length and index in one number, exact below 2^53.
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) keys[i] = lengths[i]! * count + i;
  return Int32Array.from(keys.sort(), (key) => key % count);
}

/**
 * Balances the sequences over the data-parallel ranks by their compute: the longest first, each to the rank with least (LPT;
 * the paper's bin packing is not specified). In every bin from short to long.
 */
export function balance(lengths: ArrayLike<number>, { dataParallel, cost }: Cluster): readonly Int32Array[] {
  const order = ascending(lengths);
  const binOf = new Int32Array(order.length);
  const counts = new Int32Array(dataParallel);
  const loads = new Float64Array(dataParallel);
  for (let i = order.length - 1; i >= 0; i--) {
    let bin = 0;
    for (let j = 1; j < dataParallel; j++) if (loads[j]! < loads[bin]!) bin = j;
    loads[bin]! += sequenceMs(cost, lengths[order[i]!]!);
    counts[bin]!++;
    binOf[i] = bin;
  }
  const bins = Array.from(counts, (count) => new Int32Array(count));
  counts.fill(0);
  order.forEach((sequence, i) => (bins[binOf[i]!]![counts[binOf[i]!]!++] = sequence));
  return bins;
}

/**
 * Deals the sequences of a bin, sorted from short to long, into `count` micro-batches, so that each has long and short ones
 * (Subset[j::n] of Alg. 2). Undefined if one of them does not fit.
 */
export function interleave(bin: Int32Array, count: number, place: Placer): readonly PlacedBatch[] | undefined {
  const batches: PlacedBatch[] = [];
  // The last one has the longest sequences: a count that is too small fails at once.
  for (let j = count - 1; j >= 0; j--) {
    const sequences = new Int32Array(Math.ceil((bin.length - j) / count));
    for (let i = 0; i < sequences.length; i++) sequences[i] = bin[j + i * count]!;
    const placements = place(sequences);
    if (!placements) return undefined;
    batches.push({ sequences, placements });
  }
  return batches.reverse();
}

/**
 * Alg. 2 for one bin: the fewest micro-batches in which everything fits, at least ⌈tokens / (C·N)⌉.
 *
 * The printed algorithm begins one below that and does not return when it has succeeded; Eq. 10 (no micro-batch above C·N)
 * is part of what `place` refuses. One sequence for each micro-batch always fits where every sequence does.
 */
export function fewestMicroBatches(
  bin: Int32Array,
  lengths: ArrayLike<number>,
  cluster: Cluster,
  place: Placer,
): readonly PlacedBatch[] {
  let tokens = 0;
  for (const sequence of bin) tokens += lengths[sequence]!;
  const least = Math.ceil(tokens / (cluster.bucketSize * cluster.contextParallel));
  for (let count = Math.max(1, least); count < bin.length; count++) {
    const batches = interleave(bin, count, place);
    if (batches) return batches;
  }
  // Alone, every sequence of a valid batch fits.
  const single = interleave(bin, bin.length, place);
  assert(single !== undefined, 'a sequence alone fits its group');
  return single;
}

/** A placer that shards everything, but one that fits whole and not sharded (gathered keys take room): that is local. */
export function shardEverything(lengths: ArrayLike<number>, cluster: Cluster): Placer {
  return (sequences) => {
    const budget = new RankBudget(cluster);
    for (const sequence of sequences) budget.addSharded(lengths[sequence]!);
    if (budget.lackingRoomFor(0) < 0) return new Int16Array(sequences.length).fill(SHARDED);
    return sequences.length === 1 && lengths[sequences[0]!]! <= cluster.bucketSize ? new Int16Array(1) : undefined;
  };
}

/** A placer by Alg. 1. */
export function placeByDacp(lengths: ArrayLike<number>, cluster: Cluster, options: DacpOptions): Placer {
  return (sequences) => dacp(sequences, lengths, cluster, options);
}
