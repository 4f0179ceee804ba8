import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lengthNames, sampleLength } from '../../experiments/scheduling/lengths.js';
import { violationsOf } from '../../experiments/scheduling/violations.js';
import { Rng } from '../../src/core/rng.js';
import { dacp } from '../../src/methods/scheduling/dacp.js';
import { ascending } from '../../src/methods/scheduling/gds.js';
import { planStep } from '../../src/methods/scheduling/plan-step.js';
import { schedulingPolicies, victims, type Cluster } from '../../src/methods/scheduling/plan.js';
import { fitsCluster, longestSequence } from '../../src/methods/scheduling/validate.js';
import { clusterOf, gpuCost } from '../support/clusters.js';

const seed = { seed: 20261124, numRuns: 300 };

const amount = (max: number) => fc.oneof(fc.constant(0), fc.double({ min: 0, max, noNaN: true }));

const cost = fc.record({
  linearMs: fc.double({ min: 1e-6, max: 0.01, noNaN: true }),
  attentionMs: amount(1e-6),
  attentionHalfTokens: amount(500),
  computeMs: amount(1),
  exchangeMsPerToken: amount(0.01),
  exchangeMs: amount(5),
  exchangeFloorMs: amount(5),
  microBatchMs: amount(20),
  stepMs: amount(50),
});

const cluster: fc.Arbitrary<Cluster> = fc.record({
  dataParallel: fc.integer({ min: 1, max: 5 }),
  contextParallel: fc.integer({ min: 1, max: 9 }),
  bucketSize: fc.integer({ min: 1, max: 3000 }),
  gatheredShare: fc.constantFrom(0, 0, 0, 0.02),
  cost,
});

/** A cluster and lengths that fit it: like one of the data sets, anything, or all the same. */
const step = fc
  .tuple(cluster, fc.nat(), fc.integer({ min: 1, max: 60 }), fc.constantFrom(...lengthNames, 'any'))
  .map(([of, draw, count, name]) => {
    const rng = new Rng(draw);
    const longest = longestSequence(of);
    const lengths = Array.from({ length: count }, () =>
      name === 'any' ? 1 + rng.int(longest) : sampleLength(name, rng, { longest, shrink: 1 + rng.int(64) }),
    );
    return { cluster: of, lengths };
  });

const options = fc.record({
  microBatch: fc.constantFrom(1, 2, 5),
  rollBack: fc.boolean(),
  victim: fc.constantFrom(...victims),
});

describe('plans', () => {
  it('of every policy have each sequence once, and no rank or micro-batch above its memory (Eq. 6, 7, 9, 10)', () => {
    fc.assert(
      fc.property(step, options, (given, settings) => {
        for (const policy of schedulingPolicies) {
          const plan = planStep(policy, given.lengths, given.cluster, settings);
          expect([policy, violationsOf(plan, given.lengths, given.cluster)]).toEqual([policy, []]);
        }
      }),
      seed,
    );
  });

  it('are equal for equal arguments', () => {
    fc.assert(
      fc.property(step, fc.constantFrom(...schedulingPolicies), (given, policy) => {
        const copy = Int32Array.from(given.lengths);
        expect(planStep(policy, copy, given.cluster)).toEqual(planStep(policy, given.lengths, given.cluster));
      }),
      { ...seed, numRuns: 60 },
    );
  });

  it('refined take no longer than those of Skrull under the model', () => {
    fc.assert(
      fc.property(step, options, (given, settings) => {
        const [plain, refined] = (['skrull', 'skrull-refined'] as const).map(
          (policy) => planStep(policy, given.lengths, given.cluster, settings).predictedMs,
        );
        expect(refined).toBeLessThanOrEqual(plain! * (1 + 1e-9));
      }),
      seed,
    );
  });
});

describe('the longest sequence', () => {
  it('fits, and one token more does not', () => {
    fc.assert(
      fc.property(cluster, (given) => {
        const longest = longestSequence(given);
        expect([fitsCluster(longest, given), fitsCluster(longest + 1, given)]).toEqual([true, false]);
      }),
      seed,
    );
  });
});

describe('DACP', () => {
  it('fails with roll-back only where the tokens, with the rounding of shards, exceed the memory', () => {
    fc.assert(
      fc.property(step, fc.constantFrom(...victims), ({ cluster: of, lengths }, victim) => {
        const given = { ...of, gatheredShare: 0 };
        const placements = dacp(ascending(lengths), lengths, given, { victim });
        const tokens = lengths.reduce((a, b) => a + b, 0);
        const memory = given.bucketSize * given.contextParallel;
        if (tokens > memory) expect(placements).toBeUndefined();
        if (tokens + lengths.length * (given.contextParallel - 1) <= memory) expect(placements).toBeDefined();
      }),
      { ...seed, numRuns: 2000 },
    );
  });

  it('shards nothing where everything fits as it comes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 20 }), (lengths) => {
        const given = clusterOf({ bucketSize: 2000, cost: gpuCost });
        expect([...dacp(ascending(lengths), lengths, given)!].every((place) => place >= 0)).toBe(true);
      }),
      seed,
    );
  });
});
