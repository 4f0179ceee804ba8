import { describe, expect, it } from 'vitest';
import { memoryGrowth, residentBytes } from '../../../bench/soak/memory.js';

const MEBIBYTE = 2 ** 20;

describe('the growth of resident memory', () => {
  it('is that of the last quarter of the time over the quarter before', () => {
    const megabytes = [100, 200, 300, 300, 400, 400, 440, 440, 440];
    const samples = megabytes.map((mb, i) => ({ atMs: 1000 + 5000 * i, rssBytes: mb * MEBIBYTE }));
    const { growth, quarterMegabytes } = memoryGrowth(samples);
    expect(quarterMegabytes).toEqual([150, 300, 400, 440]);
    expect(growth).toBeCloseTo(0.1);
  });

  it('is 0 where memory stays', () => {
    const samples = [0, 1, 2, 3, 4].map((atMs) => ({ atMs, rssBytes: 7 * MEBIBYTE }));
    expect(memoryGrowth(samples).growth).toBe(0);
  });

  it.runIf(process.platform === 'linux')('is read from the system', () => {
    expect(residentBytes(process.pid)).toBeGreaterThan(10 * MEBIBYTE);
  });
});
