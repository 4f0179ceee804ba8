import { describe, expect, test } from 'vitest';

import { SHARDED } from '../../../src/methods/scheduling/plan.js';
import { packRank } from '../../../src/ranks/packing.js';

const batch = (placements: readonly number[]) => ({
  sequences: placements.map((_, i) => i),
  placements,
  predictedMs: 0,
});

describe('packing a rank', () => {
  test('puts local sequences first and shards after them', () => {
    const packing = packRank(batch([SHARDED, 1, 0, 1]), [8, 3, 4, 2], 2, 1);
    expect(packing.pieces).toEqual([
      { sequence: 3, start: 0, end: 2, row: 0 },
      { sequence: 1, start: 0, end: 3, row: 2 },
      { sequence: 0, start: 2, end: 6, row: 5 },
    ]);
    expect(packing).toMatchObject({ rows: 9, localRows: 5, gatheredRows: 8 });
    expect(packing.localBlocks).toEqual([{ queryStart: 0, queryEnd: 5, keyStart: 0, keyEnd: 5 }]);
    expect(packing.shardedBlocks).toEqual([{ queryStart: 5, queryEnd: 9, keyStart: 0, keyEnd: 6 }]);
  });

  test('says where the rows of each rank go among the gathered ones', () => {
    const { runsOfRank, gathered } = packRank(batch([SHARDED, SHARDED]), [8, 5], 2, 0);
    expect(gathered.map(({ row }) => row)).toEqual([0, 8]);
    const covered = runsOfRank.flatMap((runs) =>
      runs.flatMap(({ row, count }) => [...Array(count).keys()].map((i) => row + i)),
    );
    expect(covered.sort((a, b) => a - b)).toEqual([...Array(13).keys()]);
    expect(runsOfRank[0]).toEqual(expect.arrayContaining([{ row: 0, count: 2 }]));
  });

  test('attends a long sequence in blocks, each with the keys up to its last query', () => {
    const { localBlocks } = packRank(batch([0]), [600], 1, 0);
    expect(localBlocks).toHaveLength(3);
    expect(localBlocks.at(-1)).toEqual({ queryStart: 400, queryEnd: 600, keyStart: 0, keyEnd: 600 });
    expect(localBlocks[0]).toEqual({ queryStart: 0, queryEnd: 200, keyStart: 0, keyEnd: 200 });
  });

  test('keeps calls for short sequences together, but not for long ones', () => {
    const { localBlocks } = packRank(batch([0, 0, 0, 0]), [50, 40, 200, 10], 1, 0);
    expect(localBlocks.map(({ queryStart, queryEnd }) => [queryStart, queryEnd])).toEqual([
      [0, 50],
      [50, 100],
      [100, 300],
    ]);
  });

  test('of a rank without tokens still knows what the others exchange', () => {
    const packing = packRank(batch([SHARDED]), [1], 2, 1);
    expect(packing).toMatchObject({ rows: 0, gatheredRows: 1 });
  });
});
