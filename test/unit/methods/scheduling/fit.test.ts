import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src/core/rng.js';
import { bucketSize, fitMemory } from '../../../../src/methods/scheduling/bucket-size.js';
import type { CostModel } from '../../../../src/methods/scheduling/cost-model.js';
import { fitCostModel, predictSample, type TimeSample } from '../../../../src/methods/scheduling/fit.js';
import { nonNegativeLeastSquares } from '../../../../src/methods/scheduling/least-squares.js';

const truth: CostModel = {
  linearMs: 0.02,
  attentionMs: 4e-6,
  attentionHalfTokens: 300,
  computeMs: 1.5,
  exchangeMsPerToken: 0.003,
  exchangeMs: 0.4,
  exchangeFloorMs: 0,
  microBatchMs: 0,
  stepMs: 12,
};

/** What a rank and its group would have measured. */
function measured(ranks: number, noise = 0): TimeSample[] {
  const rng = new Rng(3);
  const packs = [64, 128, 256, 512, 1024, 2048, 4096, 8192].flatMap((length) => [[length], [length, length, 64]]);
  return packs.flatMap((lengths) =>
    (['local', 'sharded', 'exchange'] as const).map((kind) => {
      const sample = { kind, lengths, ms: 0 };
      return { ...sample, ms: predictSample(sample, truth, ranks) * Math.exp(noise * rng.normal()) };
    }),
  );
}

describe('fitting the cost model', () => {
  it('finds the constants that times were made with', () => {
    const { cost, meanError } = fitCostModel(measured(4), 4, 12);
    expect(meanError).toBeLessThan(1e-6);
    for (const key of ['linearMs', 'attentionMs', 'attentionHalfTokens', 'computeMs', 'exchangeMsPerToken'] as const)
      expect(cost[key] / truth[key]).toBeCloseTo(1, 5);
    expect(cost.exchangeMs).toBeCloseTo(0.4, 6);
    expect(cost.stepMs).toBe(12);
  });

  it('tells noisy times within their noise, with no constant below 0', () => {
    const { cost, meanError } = fitCostModel(measured(2, 0.05), 2);
    expect(meanError).toBeLessThan(0.08);
    for (const value of Object.values(cost) as number[]) expect(value).toBeGreaterThanOrEqual(0);
  });

  it('works with local samples alone', () => {
    const local = measured(2).filter(({ kind }) => kind === 'local');
    const { cost } = fitCostModel(local, 1);
    expect(predictSample(local[9]!, cost, 1) / local[9]!.ms).toBeCloseTo(1, 6);
    expect(cost.exchangeMs).toBe(0);
  });

  it('refuses times that are none, and samples without a local one', () => {
    expect(() => fitCostModel([{ kind: 'local', lengths: [1], ms: 0 }], 2)).toThrow('samples[0] took 0 ms');
    expect(() => fitCostModel([{ kind: 'exchange', lengths: [1], ms: 1 }], 2)).toThrow('There is no local sample');
  });
});

describe('non-negative least squares', () => {
  it('drops a column whose best coefficient would be negative', () => {
    const [a, b] = nonNegativeLeastSquares(
      [
        [1, 1],
        [2, 1],
        [3, 1],
      ],
      [0, 2, 4],
      [1, 1, 1],
    );
    // Without the bound: 2 and −2. With b = 0: (0 + 4 + 12) / 14.
    expect(b).toBe(0);
    expect(a).toBeCloseTo(16 / 14, 12);
  });

  it('weighs rows', () => {
    expect(nonNegativeLeastSquares([[1], [1]], [1, 4], [3, 1])[0]).toBeCloseTo(1.75, 12);
  });

  it('is 0 where nothing can be explained', () => {
    expect(nonNegativeLeastSquares([[0, 0]], [5], [1])).toEqual([0, 0]);
  });
});

describe('the bucket size', () => {
  it('is what 92 % of the memory holds beside weights and fixed activations (Eq. 12)', () => {
    const model = fitMemory([100, 1000, 5000].map((tokens) => ({ tokens, bytes: 2000 * tokens + 50_000 })));
    expect(model.bytesPerToken).toBeCloseTo(2000, 6);
    expect(model.fixedBytes).toBeCloseTo(50_000, 3);
    expect(bucketSize(model, { memoryBytes: 1e8, staticBytes: 2e7 })).toBe(35_975);
  });

  it('is refused where not a token fits', () => {
    const model = { bytesPerToken: 10, fixedBytes: 0 };
    expect(() => bucketSize(model, { memoryBytes: 100, staticBytes: 90 })).toThrow('no room for a token');
  });
});
