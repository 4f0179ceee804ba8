import { describe, expect, it } from 'vitest';
import { readBenchmark } from '../../../bench/interactive/katago.js';

const printed = `
numSearchThreads =  8:  0 / 10 positions, visits/s = 0.00 (0.0 secs)
numSearchThreads =  8: 10 / 10 positions, visits/s = 829.17 nnEvals/s = 810.44 nnBatches/s = 210.33 avgBatchSize = 3.85 (9.7 secs)
`;

describe("KataGo's benchmark", () => {
  it('is read for visits and evaluations a second', () => {
    expect(readBenchmark(printed)).toEqual({ visitsPerSecond: 829.17, evaluationsPerSecond: 810.44 });
  });

  it('that names no speed is quoted', () => {
    expect(() => readBenchmark('No such file: net.bin.gz')).toThrow('No such file: net.bin.gz');
  });
});
