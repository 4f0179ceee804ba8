import { describe, expect, it } from 'vitest';
import { shardTokens, zigZagShards } from '../../../../src/methods/scheduling/shards.js';

describe('zig-zag shards', () => {
  it('give a rank one chunk from the front and the one as far from the end', () => {
    expect([0, 1, 2, 3].map((rank) => zigZagShards(16, 4, rank))).toEqual([
      [
        { start: 0, end: 2 },
        { start: 14, end: 16 },
      ],
      [
        { start: 2, end: 4 },
        { start: 12, end: 14 },
      ],
      [
        { start: 4, end: 6 },
        { start: 10, end: 12 },
      ],
      [{ start: 6, end: 10 }],
    ]);
  });

  it('cover every token once, with sizes that differ by one at most', () => {
    for (const ranks of [1, 2, 3, 8]) {
      for (let length = 1; length < 70; length++) {
        const held = new Array<number>(length).fill(0);
        const sizes = Array.from({ length: ranks }, (_, rank) => {
          for (const { start, end } of zigZagShards(length, ranks, rank)) for (let t = start; t < end; t++) held[t]!++;
          return shardTokens(length, ranks, rank);
        });
        expect(held.every((count) => count === 1)).toBe(true);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(sizes.reduce((a, b) => a + b)).toBe(length);
      }
    }
  });

  it('give every rank the same share of the causal pairs', () => {
    const pairs = [0, 1, 2, 3].map((rank) => {
      let sum = 0;
      for (const { start, end } of zigZagShards(4096, 4, rank)) for (let t = start; t < end; t++) sum += t + 1;
      return sum;
    });
    expect(new Set(pairs).size).toBe(1);
  });

  it('refuse a rank outside the group', () => {
    expect(() => zigZagShards(16, 4, 4)).toThrow('rank is 4; it must be from 0 to 3 in a group of 4');
  });
});
