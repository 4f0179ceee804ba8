import { describe, expect, it } from 'vitest';
import {
  chainPosterior,
  estimateLcr,
  labelChangeRate,
  pairPosterior,
  winRatePosterior,
} from '../../../../src/methods/branching/label-change-rate.js';
import { lcrEstimators } from '../../../../src/methods/branching/settings.js';

/** Results with `changed` changed pairs out of `pairs`. */
function pairsOf(pairs: number, changed: number): number[] {
  return Array.from({ length: 2 * pairs }, (_, i) => (i % 2 === 1 && i < 2 * changed ? 0 : 1));
}

/** All sequences of n results. */
function sequences(n: number): number[][] {
  return Array.from({ length: 2 ** n }, (_, bits) => Array.from({ length: n }, (_, i) => (bits >> i) & 1));
}

/** p(changes | w) as a product over the results themselves: of these, and of these with the players exchanged. */
function chainLikelihood(w: number, results: readonly number[]): number {
  let [these, exchanged] = [1, 1];
  for (const result of results) {
    these *= result === 1 ? w : 1 - w;
    exchanged *= result === 1 ? 1 - w : w;
  }
  return these + exchanged;
}

/** Integral over (0, 1) by the midpoint rule. */
function integrate(f: (w: number) => number): number {
  const steps = 20_000;
  let sum = 0;
  for (let i = 0; i < steps; i++) sum += f((i + 0.5) / steps);
  return sum / steps;
}

/** E[2w(1 − w)] under the likelihood and a Beta(cv, c(1 − v)) prior, times (c + 1) / c. */
function integratedRate(v: number, c: number, likelihood: (w: number) => number): number {
  const density = (w: number): number => w ** (c * v - 1) * (1 - w) ** (c * (1 - v) - 1) * likelihood(w);
  return ((integrate((w) => 2 * w * (1 - w) * density(w)) / integrate(density)) * (c + 1)) / c;
}

describe('the label change rate', () => {
  it.each([
    [0, 0],
    [0.2, 0.32],
    [0.4, 0.48],
    [0.5, 0.5],
    [0.6, 0.48],
    [1, 0],
  ])('of win rate %d is %d (equation 2)', (winRate, rate) => {
    expect(labelChangeRate(winRate)).toBeCloseTo(rate, 12);
  });

  it('is how often two results differ, counted over all pairs', () => {
    const results = [1, 1, 1, 0, 0];
    const differing = results.flatMap((a) => results.map((b) => Number(a !== b))).reduce((a, b) => a + b);
    expect(labelChangeRate(3 / 5)).toBeCloseTo(differing / 25, 12);
  });
});

describe('the posterior of pairs', () => {
  it("is the paper's worked example: v 0.6, one change in four pairs, 5.8 / 14 (equation 3)", () => {
    expect(pairPosterior(0.6, [1, 1, 0, 0, 1, 0, 1, 1], 10)).toBeCloseTo(5.8 / 14, 12);
    expect(pairPosterior(0.6, [1, 1, 0, 0, 1, 0, 1, 1], 10)).toBeCloseTo(0.414, 3);
  });

  it('takes disjoint pairs, so that an odd last result does not count yet', () => {
    expect(pairPosterior(0.6, [1, 0, 1], 10)).toBe(pairPosterior(0.6, [1, 0], 10));
    expect(pairPosterior(0.6, [1], 10)).toBeCloseTo(0.48, 12);
    // Overlapping pairs would see two changes more.
    expect(pairPosterior(0.5, [1, 1, 0, 0, 1, 1], 10)).toBeCloseTo(5 / 13, 12);
  });

  it('counts a draw beside a win as a change, beside a draw as none', () => {
    expect(pairPosterior(0.5, [0.5, 1], 10)).toBeCloseTo(6 / 11, 12);
    expect(pairPosterior(0.5, [0.5, 0.5], 10)).toBeCloseTo(5 / 11, 12);
  });
});

describe('the posterior of the win rate', () => {
  it('is the one of the search value before the first result', () => {
    for (const v of [0.1, 0.35, 0.6]) expect(winRatePosterior(v, [], 10)).toBeCloseTo(labelChangeRate(v), 12);
  });

  it.each([
    [0.6, 10, [1, 1, 0, 0, 1]],
    [0.3, 4, [0, 0, 1]],
    [0.8, 30, [1, 1, 1, 1, 0, 1]],
  ])('agrees with numeric integration: v %d, c %d, results %j', (v, c, results) => {
    const likelihood = (w: number): number => results.reduce((p, z) => p * (z === 1 ? w : 1 - w), 1);
    expect(winRatePosterior(v, results, c)).toBeCloseTo(integratedRate(v, c, likelihood), 6);
  });

  it('takes a draw for half a win', () => {
    expect(winRatePosterior(0.5, [0.5, 0.5], 10)).toBeCloseTo(winRatePosterior(0.5, [0, 1], 10), 12);
  });

  it('does not exceed one half, the rate of an even position', () => {
    expect(winRatePosterior(0.5, pairsOf(100, 100), 10)).toBe(0.5);
    expect(winRatePosterior(0.5, [1, 0], 1e-6)).toBe(0.5);
  });
});

describe('the posterior of the chain of changes', () => {
  it('has a likelihood that sums to 1 over all sequences of changes (appendix A.2.4)', () => {
    for (const w of [0.2, 0.5, 0.73]) {
      for (const n of [1, 2, 5, 8]) {
        // Fixing the first result runs through every sequence of changes once.
        const total = sequences(n - 1).reduce((sum, rest) => sum + chainLikelihood(w, [0, ...rest]), 0);
        expect(total).toBeCloseTo(1, 12);
      }
    }
  });

  it('agrees with numeric integration for every sequence of five results', () => {
    for (const results of sequences(5)) {
      const expected = integratedRate(0.6, 10, (w) => chainLikelihood(w, results));
      expect(chainPosterior(0.6, results, 10)).toBeCloseTo(Math.min(0.5, expected), 6);
    }
  });

  it('is the one of the search value before the first change', () => {
    for (const v of [0.1, 0.35, 0.6]) expect(chainPosterior(v, [], 10)).toBeCloseTo(labelChangeRate(v), 12);
  });

  it('neither underflows with thousands of results nor exceeds one half', () => {
    expect(chainPosterior(0.6, new Array<number>(4000).fill(1), 10)).toBeLessThan(0.02);
    expect(chainPosterior(0.6, pairsOf(2000, 2000), 10)).toBe(0.5);
  });

  it('tells results that are like the first one from those that are not, draws included', () => {
    expect(chainPosterior(0.4, [1, 0.5, 0], 10)).toBeCloseTo(chainPosterior(0.4, [1, 0, 0], 10), 12);
  });
});

describe('every estimator', () => {
  it.each(lcrEstimators)('%s is the same from either side', (estimator) => {
    const results = [1, 0, 0, 1, 1, 0.5, 0];
    const flipped = results.map((result) => 1 - result);
    for (const v of [0, 0.13, 0.4, 0.77, 1]) {
      const settings = { estimator, strength: 7 };
      expect(estimateLcr(1 - v, flipped, settings)).toBeCloseTo(estimateLcr(v, results, settings), 12);
    }
  });

  it('is the one asked for', () => {
    const results = [1, 1, 0, 1, 1];
    const rates = lcrEstimators.map((estimator) => estimateLcr(0.6, results, { estimator, strength: 10 }));
    expect(rates).toEqual([
      pairPosterior(0.6, results, 10),
      winRatePosterior(0.6, results, 10),
      chainPosterior(0.6, results, 10),
      labelChangeRate(0.6),
    ]);
    expect(new Set(rates).size).toBe(4);
  });
});
