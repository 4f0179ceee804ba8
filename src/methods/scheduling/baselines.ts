/**
 * What Skrull is compared with: sequences in the order of the data, dealt evenly over the data-parallel ranks. None of them
 * looks at the whole batch.
 */

import { dacp } from './dacp.js';
import { ascending, shardEverything, type PlacedBatch, type Placer } from './gds.js';
import type { Cluster } from './plan.js';

/** Consecutive runs of the batch, one for each data-parallel rank, as equal in number as can be. */
export function inOrder(count: number, { dataParallel }: Cluster): readonly Int32Array[] {
  const startOf = (rank: number): number => Math.floor((rank * count) / dataParallel);
  return Array.from({ length: dataParallel }, (_, rank) =>
    Int32Array.from({ length: startOf(rank + 1) - startOf(rank) }, (_, i) => startOf(rank) + i),
  );
}

/**
 * Sequences of nearly the same length side by side: the batch sorted and dealt over the data-parallel ranks one by one
 * (LongAlign's sorted batching, for which a caller also takes the batch itself from a sorted data set).
 */
export function sortedInTurn(lengths: ArrayLike<number>, { dataParallel }: Cluster): readonly Int32Array[] {
  const order = ascending(lengths);
  return Array.from({ length: dataParallel }, (_, rank) => order.filter((_, i) => i % dataParallel === rank));
}

/** Micro-batches of `size` consecutive sequences of a bin; one that does not fit is halved until its parts do. */
export function fixedSize(bin: Int32Array, size: number, place: Placer): readonly PlacedBatch[] {
  const batches: PlacedBatch[] = [];
  for (let start = 0; start < bin.length; start += size) batches.push(...halved(bin.slice(start, start + size), place));
  return batches;
}

/** Micro-batches of consecutive sequences of a bin, each filled up to the memory of the group (C·N tokens). */
export function packed(
  bin: Int32Array,
  lengths: ArrayLike<number>,
  cluster: Cluster,
  place: Placer = shardEverything(lengths, cluster),
): readonly PlacedBatch[] {
  const memory = cluster.bucketSize * cluster.contextParallel;
  const batches: PlacedBatch[] = [];
  let [start, tokens] = [0, 0];
  bin.forEach((sequence, i) => {
    const length = lengths[sequence]!;
    if (tokens + length > memory) {
      batches.push(...halved(bin.slice(start, i), place));
      [start, tokens] = [i, 0];
    }
    tokens += length;
  });
  batches.push(...halved(bin.slice(start), place));
  return batches;
}

/** A placer for sequences in any order: round robin (Alg. 4) as they come, or Alg. 1 after sorting them. */
export function placeUnsorted(
  lengths: ArrayLike<number>,
  cluster: Cluster,
  { rollBack, victim, balance }: { rollBack: boolean; victim: 'first' | 'largest'; balance: boolean },
): Placer {
  return (sequences) => {
    if (!balance) return dacp(sequences, lengths, cluster, { rollBack, victim, balance });
    const own = Float64Array.from(sequences, (sequence) => lengths[sequence]!);
    const order = ascending(own);
    const sorted = dacp(order, own, cluster, { rollBack, victim });
    if (!sorted) return undefined;
    const placements = new Int16Array(own.length);
    // The printed Alg. 1 returns the placements in sorted order.
    order.forEach((i, at) => (placements[i] = sorted[at]!));
    return placements;
  };
}

function halved(sequences: Int32Array, place: Placer): readonly PlacedBatch[] {
  if (sequences.length === 0) return [];
  const placements = place(sequences);
  if (placements) return [{ sequences, placements }];
  const middle = sequences.length >> 1;
  return [...halved(sequences.slice(0, middle), place), ...halved(sequences.slice(middle), place)];
}
