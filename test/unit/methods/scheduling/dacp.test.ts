import { describe, expect, it } from 'vitest';
import { placeUnsorted } from '../../../../src/methods/scheduling/baselines.js';
import { dacp, type DacpOptions } from '../../../../src/methods/scheduling/dacp.js';
import { ascending } from '../../../../src/methods/scheduling/gds.js';
import { clusterOf } from '../../../support/clusters.js';

/** Placements in the order of `lengths`. */
function place(
  lengths: readonly number[],
  { bucketSize, ranks }: { bucketSize: number; ranks: number },
  { rollBack = true, victim = 'first', balance = true }: DacpOptions = {},
): number[] | undefined {
  const cluster = clusterOf({ bucketSize, contextParallel: ranks });
  const all = Int32Array.from(lengths, (_, i) => i);
  const placements = placeUnsorted(lengths, cluster, { rollBack, victim, balance })(all);
  return placements && Array.from(placements);
}

// Placements by an independent program that was written from the paper's text with the same repairs.
const references = [
  {
    lengths: [148, 1841, 318, 624, 111, 969, 1715, 735, 400, 53, 205, 40],
    group: { bucketSize: 2048, ranks: 4 },
    first: [3, -1, -1, 3, 2, 1, -1, 0, 2, -1, 0, 0],
    largest: [3, -1, 1, -1, 2, -1, -1, -1, 2, 1, 0, 0],
    roundRobin: [0, 1, 2, 3, 0, 0, 2, 3, 0, 3, 3, 3],
  },
  {
    lengths: [231, 17276, 7451, 19929, 2468, 965],
    group: { bucketSize: 13_312, ranks: 4 },
    first: [0, -1, -1, -1, -1, 1],
    largest: [0, -1, -1, -1, -1, 1],
    // The last one went to rank 1 there; here rank 3 holds two tokens less of the shards, which have whole sizes.
    roundRobin: [0, -1, -1, -1, -1, 3],
  },
  {
    lengths: [11720, 7707, 125, 11698, 26607, 5803, 8405, 17641, 4844, 773, 16221, 22375, 12264, 28299],
    group: { bucketSize: 26_624, ranks: 8 },
    first: [-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1],
    largest: [7, 4, 0, 6, -1, 3, 5, -1, 2, 1, -1, -1, 0, -1],
    roundRobin: [-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1],
  },
];

describe('DACP', () => {
  it('keeps everything local that fits, on the rank with the least compute', () => {
    expect(place([400, 300, 200, 100, 90], { bucketSize: 1000, ranks: 4 })).toEqual([0, 3, 2, 1, 0]);
  });

  it('shards a sequence that no rank can hold', () => {
    expect(place([2000, 10], { bucketSize: 600, ranks: 4 })).toEqual([-1, 0]);
  });

  it.each(references)('places $lengths.length sequences as the reference does', (reference) => {
    const { lengths, group } = reference;
    expect(place(lengths, group)).toEqual(reference.first);
    expect(place(lengths, group, { victim: 'largest' })).toEqual(reference.largest);
    expect(place(lengths, group, { balance: false })).toEqual(reference.roundRobin);
  });

  it.each(references)('runs out of memory on $lengths.length sequences without roll-back', ({ lengths, group }) => {
    expect(place(lengths, group, { rollBack: false })).toBeUndefined();
  });

  it('says so where the tokens exceed the memory', () => {
    expect(place([500, 500, 501], { bucketSize: 500, ranks: 3 })).toBeUndefined();
    expect(place([500, 500, 500], { bucketSize: 500, ranks: 3 })).toEqual([0, 1, 2]);
  });

  it('counts the keys and values that sharded sequences gather', () => {
    const lengths = [900];
    const cluster = clusterOf({ bucketSize: 300, contextParallel: 4 });
    expect(Array.from(dacp(ascending(lengths), lengths, cluster)!)).toEqual([-1]);
    expect(dacp(ascending(lengths), lengths, { ...cluster, gatheredShare: 0.1 })).toBeUndefined();
  });
});
