import { describe, expect, it } from 'vitest';
import { rankTimesTable } from '../../../clients/cli/terminal/rank-times.js';

const time = (rank: number, microStep: number, ms: readonly [number, number, number]) => ({
  rank,
  microStep,
  tokens: 1,
  localMs: ms[0],
  waitingMs: ms[1],
  distributedMs: ms[2],
});
const rows = (text: string): string[][] => {
  const lines = text.split('\n').filter((line) => !line.includes('─'));
  return lines.map((line) => line.trim().split(/\s{2,}/));
};

describe('the table of rank times', () => {
  it('has a row for each rank and a column for each micro-step', () => {
    const table = rankTimesTable([
      time(0, 0, [1, 2, 3]),
      time(1, 0, [4, 0, 3]),
      time(0, 1, [10, 0, 0]),
      time(1, 1, [9, 1.25, 0]),
    ]);
    expect(rows(table)).toEqual([
      ['RANK', 'STEP 0', 'STEP 1', 'LOCAL+WAIT+DIST ms'],
      ['0', '1.0+2.0+3.0', '10+0.0+0.0', '11+2.0+3.0'],
      ['1', '4.0+0.0+3.0', '9.0+1.3+0.0', '13+1.3+3.0'],
    ]);
  });

  it('sums up the micro-steps that do not fit', () => {
    const times = Array.from({ length: 6 }, (_, i) => time(0, i, [10, 0, 0]));
    expect(rows(rankTimesTable(times, 80))[1]).toEqual(['0', '10+0.0+0.0', '10+0.0+0.0', '40+0.0+0.0', '60+0.0+0.0']);
  });

  it('shows a rank that had no micro-step in a column', () => {
    const table = rankTimesTable([time(0, 0, [1, 1, 1]), time(0, 1, [1, 1, 1]), time(1, 0, [1, 1, 1])]);
    expect(rows(table)[2]).toEqual(['1', '1.0+1.0+1.0', '–', '1.0+1.0+1.0']);
  });
});
