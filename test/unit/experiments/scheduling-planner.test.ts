import { describe, expect, it } from 'vitest';
import { optimalBatchMs, optimalStepMs } from '../../../experiments/scheduling/exhaustive.js';
import { gpuCluster, paperSettings } from '../../../experiments/scheduling/gpus.js';
import { lengthNames, sampleLength } from '../../../experiments/scheduling/lengths.js';
import { runModel } from '../../../experiments/scheduling/model.js';
import { runPlanner } from '../../../experiments/scheduling/planner.js';
import { violationsOf } from '../../../experiments/scheduling/violations.js';
import { Rng } from '../../../src/core/rng.js';
import { planStep } from '../../../src/methods/scheduling/plan-step.js';
import { clusterOf, gpuCost } from '../../support/clusters.js';

/** A millisecond for each token, five for an exchange. */
const plain = { ...gpuCost, linearMs: 1, attentionMs: 0, computeMs: 0, exchangeMsPerToken: 0, exchangeMs: 5 };

describe('lengths', () => {
  it('are as often below 1K, 4K, 8K and 32K as in the table of the paper', () => {
    const shares = (name: (typeof lengthNames)[number]): number[] => {
      const rng = new Rng(1);
      const lengths = Array.from({ length: 100_000 }, () => sampleLength(name, rng));
      return [1, 4, 8, 32].map((k) => lengths.filter((length) => length < 1024 * k).length / 1e5);
    };
    const near = (name: (typeof lengthNames)[number], expected: number[]): void =>
      shares(name).forEach((share, i) => expect(Math.abs(share - expected[i]!)).toBeLessThan(0.005));
    near('wikipedia', [0.8788, 0.9934, 0.9992, 0.9999]);
    near('lmsys', [0.8712, 0.9935, 0.9987, 0.9998]);
    near('chatqa2', [0.2192, 0.3148, 0.4043, 0.9986]);
    near('uniform', [0, 1, 1, 1]);
  });
});

describe('the checker of plans', () => {
  const cluster = clusterOf({ dataParallel: 2, contextParallel: 2, bucketSize: 10 });
  const batch = { sequences: [0, 1], placements: [0, 1], predictedMs: 0 };
  const found = (microBatches: (typeof batch)[][], lengths = [6, 7]): string[] =>
    violationsOf({ microBatches, predictedMs: 0 }, lengths, cluster);

  it('finds nothing wrong with a plan that is right', () => {
    expect(found([[batch], []])).toEqual([]);
    expect(found([[{ ...batch, placements: [-1, -1] }], []])).toEqual([]);
  });

  it('finds each broken constraint', () => {
    expect(found([[batch]])).toEqual(['one list of micro-batches for each group']);
    expect(found([[{ ...batch, placements: [0, 2] }], []])).toEqual(['Eq. 6']);
    expect(found([[{ ...batch, placements: [0, 0] }], []])).toEqual(['Eq. 7']);
    expect(found([[batch], [batch]])).toEqual(['Eq. 9']);
    expect(found([[{ ...batch, sequences: [0], placements: [0] }], []])).toEqual(['Eq. 9']);
    expect(found([[{ ...batch, placements: [-1, -1] }], []], [11, 11])).toEqual(['Eq. 7', 'Eq. 10']);
  });
});

describe('the optimum', () => {
  it('of a micro-batch is what one finds by hand', () => {
    const group = clusterOf({ contextParallel: 2, bucketSize: 100, cost: plain });
    // 30 beside 20 + 9; sharding the 9 would cost 5 for the exchange and save nothing.
    expect(optimalBatchMs([30, 20, 9], group)).toBe(30);
    // 60 alone on a rank leaves the other idle: sharded it takes 5 + 30.
    expect(optimalBatchMs([60], group)).toBe(35);
    // With memory for 25 tokens on a rank nothing but sharding fits, and 61 tokens do not fit at all.
    expect(optimalBatchMs([50], { ...group, bucketSize: 25 })).toBe(30);
    expect(optimalBatchMs([61], { ...group, bucketSize: 25 })).toBe(Infinity);
  });

  it('of a step divides the sequences over groups and micro-batches', () => {
    const groups = clusterOf({ dataParallel: 2, contextParallel: 2, bucketSize: 30, cost: plain });
    // Two local ones in each group.
    expect(optimalStepMs([30, 30, 30, 30], groups)).toBe(30);
    // A third one in each is sharded in a micro-batch of its own: 5 + 15 more.
    expect(optimalStepMs([30, 30, 30, 30, 30, 30], groups)).toBe(50);
  });

  it('is never above a plan', () => {
    const rng = new Rng(2);
    for (let i = 0; i < 20; i++) {
      const lengths = Array.from({ length: 6 }, () => sampleLength('chatqa2', rng, { longest: 16_384 }));
      const cluster = clusterOf({ dataParallel: 2, contextParallel: 2, bucketSize: 8192 });
      const best = optimalStepMs(lengths, cluster) * (1 - 1e-9);
      for (const policy of ['skrull', 'skrull-refined'] as const)
        expect(planStep(policy, lengths, cluster).predictedMs).toBeGreaterThanOrEqual(best);
    }
  });
});

describe('the levels', () => {
  it('planner finds no violation, and refined plans near the optimum', () => {
    const { violations, refinedOverOptimum } = runPlanner({ cases: 200, plans: 5, seed: 3, compared: 5 });
    expect(violations).toBe(0);
    expect(refinedOverOptimum).toBeGreaterThanOrEqual(1 - 1e-9);
    expect(refinedOverOptimum).toBeLessThan(1.05);
  });

  it('model keeps the averages and the order of the paper', () => {
    const found = runModel({ batches: 2, seed: 1 }) as Record<string, number> & { table: Record<string, number>[] };
    const within = (value: number, target: number): void => expect(Math.abs(value / target - 1)).toBeLessThan(0.15);
    within(found['modelAverage']!, 3.76);
    within(found['modelAverageSmall']!, 5.5);
    within(found['modelAverageLarge']!, 2.03);
    const skrull = found.table.map((row) => row['skrull']!);
    for (const model of [0, 3]) {
      within(skrull[model]!, skrull[model + 1]!);
      expect(skrull[model + 1]!).toBeGreaterThan(1.3 * skrull[model + 2]!);
    }
    for (const at of [0, 1, 2]) expect(skrull[at]!).toBeGreaterThan(skrull[at + 3]!);
    expect(found['modelRefinedOverSkrull']!).toBeGreaterThanOrEqual(1 - 1e-9);
  });

  it('model crosses nodes with a quarter of the bandwidth', () => {
    const [small, large] = [gpuCluster(paperSettings[3]!), gpuCluster(paperSettings[5]!)];
    expect(large.cost.exchangeMsPerToken / small.cost.exchangeMsPerToken).toBeCloseTo(4, 12);
    expect(large.cost.linearMs).toBe(small.cost.linearMs);
  });
});
