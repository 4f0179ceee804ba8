import { describe, expect, it } from 'vitest';
import { planStep } from '../../../../src/methods/scheduling/plan-step.js';
import { schedulingPolicies, type StepPlan } from '../../../../src/methods/scheduling/plan.js';
import { clusterOf, gpuCost } from '../../../support/clusters.js';

const lengths = [
  9365, 120, 15707, 67, 15583, 91, 16596, 14453, 2033, 10506, 23003, 1108, 12701, 9027, 9470, 13801, 26679, 79, 17849,
  8251, 17977, 13153, 20925, 12396,
];
const cluster = clusterOf({ dataParallel: 2, bucketSize: 13_312 });

/** Sequences of each micro-batch of each data-parallel rank. */
function sequencesOf({ microBatches }: StepPlan): (readonly number[])[][] {
  return microBatches.map((group) => group.map(({ sequences }) => sequences));
}

function placementsOf({ microBatches }: StepPlan): (readonly number[])[][] {
  return microBatches.map((group) => group.map(({ placements }) => placements));
}

describe('plans', () => {
  it('balance, interleave and place as the reference does (Skrull)', () => {
    const plan = planStep('skrull', lengths, cluster);
    expect(sequencesOf(plan)).toEqual([
      [
        [3, 11, 9, 6],
        [17, 8, 21, 20],
        [5, 13, 15, 16],
        [1, 14, 4],
      ],
      [
        [19, 12, 18],
        [0, 7, 22],
        [23, 2, 10],
      ],
    ]);
    expect(placementsOf(plan)).toEqual([
      [
        [0, 1, -1, -1],
        [0, 1, -1, -1],
        [0, -1, -1, -1],
        [0, -1, -1],
      ],
      [
        [-1, -1, -1],
        [-1, -1, -1],
        [-1, -1, -1],
      ],
    ]);
  });

  it('take the time of the slowest group, and what a step takes beside', () => {
    const plan = planStep('skrull', lengths, { ...cluster, cost: { ...gpuCost, stepMs: 1000 } });
    const groups = plan.microBatches.map((group) => group.reduce((sum, { predictedMs }) => sum + predictedMs, 0));
    expect(plan.predictedMs).toBeCloseTo(1000 + Math.max(...groups), 9);
  });

  it('shard micro-batches of m sequences in the order of the data', () => {
    const plan = planStep('shard-all', [5, 6, 7, 8, 9], clusterOf({ dataParallel: 2 }), { microBatch: 2 });
    expect(sequencesOf(plan)).toEqual([[[0, 1]], [[2, 3], [4]]]);
    expect(placementsOf(plan).flat(2)).toEqual([-1, -1, -1, -1, -1]);
    expect(sequencesOf(planStep('shard-all', [5, 6], clusterOf()))).toEqual([[[0], [1]]]);
  });

  it('halve micro-batches that do not fit', () => {
    const small = clusterOf({ bucketSize: 10, contextParallel: 2 });
    expect(sequencesOf(planStep('shard-all', [6, 6, 8, 12], small, { microBatch: 4 }))).toEqual([
      [
        [0, 1],
        [2, 3],
      ],
    ]);
    expect(sequencesOf(planStep('shard-all', [6, 6, 8, 14], small, { microBatch: 4 }))).toEqual([[[0, 1], [2], [3]]]);
  });

  it('deal sequences of about the same length side by side (sorted)', () => {
    const plan = planStep('sorted', [40, 10, 30, 20], clusterOf({ dataParallel: 2 }), { microBatch: 2 });
    expect(sequencesOf(plan)).toEqual([[[1, 2]], [[3, 0]]]);
  });

  it('pack tokens up to the memory of the group', () => {
    const small = clusterOf({ bucketSize: 10, contextParallel: 2 });
    expect(sequencesOf(planStep('token-packing', [6, 6, 8, 2, 12, 12], small))).toEqual([[[0, 1, 2], [3, 4], [5]]]);
  });

  it('put DACP on given micro-batches, and shard all of the divided batch (ablations)', () => {
    const local = planStep('dacp', [40, 10, 30, 20], clusterOf(), { microBatch: 2 });
    expect(sequencesOf(local)).toEqual([
      [
        [0, 1],
        [2, 3],
      ],
    ]);
    expect(placementsOf(local)).toEqual([
      [
        [1, 0],
        [1, 0],
      ],
    ]);
    const gds = planStep('gds', lengths, cluster);
    expect(sequencesOf(gds)).toEqual(sequencesOf(planStep('skrull', lengths, cluster)));
    expect(new Set(placementsOf(gds).flat(2))).toEqual(new Set([-1]));
  });

  it('leave groups without a micro-batch where there are fewer sequences than groups', () => {
    for (const policy of schedulingPolicies) {
      const plan = planStep(policy, [100], clusterOf({ dataParallel: 3 }));
      expect(sequencesOf(plan).flat()).toEqual([[0]]);
      expect(plan.microBatches).toHaveLength(3);
    }
  });

  it('keep one long sequence from holding up its group, refined', () => {
    const one = [20_000, 100, 100, 100, 100];
    const skrull = planStep('skrull', one, clusterOf());
    const refined = planStep('skrull-refined', one, clusterOf());
    expect(placementsOf(skrull)[0]![0]!.at(-1)).toBe(0);
    expect(placementsOf(refined)[0]![0]!.at(-1)).toBe(-1);
    expect(refined.predictedMs).toBeLessThan(0.5 * skrull.predictedMs);
  });
});

describe('bad input is refused with a sentence', () => {
  const refused = (change: object, sentence: string): void =>
    expect(() => planStep('skrull', [10], { ...cluster, ...change })).toThrow(sentence);

  it('about the cluster', () => {
    refused({ dataParallel: 0 }, 'dataParallel is 0; it must be a whole number from 1 to 4096');
    refused({ contextParallel: 2.5 }, 'contextParallel is 2.5; it must be a whole number');
    refused({ bucketSize: NaN }, 'bucketSize is NaN');
    refused(
      { cost: { ...gpuCost, linearMs: -1 } },
      'cost.linearMs is -1; it must be a number from 0 to 1000000000000000',
    );
    refused({ cost: { ...gpuCost, linearMs: 0, attentionMs: 0 } }, 'one must be above 0 to balance by');
    refused({ gatheredShare: Infinity }, 'gatheredShare is Infinity');
  });

  it('about the lengths', () => {
    const plan = (values: number[]) => (): unknown => planStep('skrull', values, cluster);
    expect(plan([])).toThrow('There are 0 sequences; a step has 1 to');
    expect(plan([5, 0])).toThrow('lengths[1] is 0; it must be a whole number from 1 to');
    expect(plan([5, 1.5])).toThrow('lengths[1] is 1.5');
    expect(plan([5, 53_249])).toThrow(
      'lengths[1] is 53249 tokens; a group of 4 ranks with 13312 tokens each holds at most 53248 of a sequence',
    );
    expect(plan([53_248])).not.toThrow();
  });

  it('about the settings', () => {
    expect(() => planStep('shard-all', [5], cluster, { microBatch: 0 })).toThrow('microBatch is 0');
  });
});
