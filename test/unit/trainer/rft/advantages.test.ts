import { describe, expect, it } from 'vitest';
import { advantagesOf, estimators, tokenWeightOf } from '../../../../src/trainer/rft/advantages.js';

const rewards = [1, 0, 0, 1, 1, 0, 0, 0];

describe('advantagesOf', () => {
  it('compares with the mean of the group, in deviations of it or not', () => {
    const deviation = Math.sqrt((3 * 0.625 ** 2 + 5 * 0.375 ** 2) / 7);
    expect(advantagesOf('grpo', rewards)[0]).toBeCloseTo(0.625 / deviation, 5);
    expect(advantagesOf('dapo', rewards)[1]).toBeCloseTo(-0.375 / deviation, 5);
    expect(advantagesOf('dr-grpo', rewards)[0]).toBeCloseTo(0.625, 9);
  });

  it('compares with the mean of the others for RLOO', () => {
    expect(advantagesOf('rloo', rewards)[0]).toBeCloseTo(1 - 2 / 7, 9);
    expect(advantagesOf('rloo', rewards)[1]).toBeCloseTo(0 - 3 / 7, 9);
  });

  it('sums up to nothing, and is nothing where all earned the same', () => {
    for (const estimator of estimators) {
      expect(advantagesOf(estimator, rewards).reduce((sum, a) => sum + a, 0)).toBeCloseTo(0, 9);
      expect(advantagesOf(estimator, [0.1 + 0.2, 0.3, 0.3])).toEqual([0, 0, 0]);
    }
  });
});

describe('tokenWeightOf', () => {
  const lengths = [2, 6, 4];
  const of = { count: 3, tokens: 12, maxTokens: 8 };
  const totals = (estimator: (typeof estimators)[number]): number[] =>
    lengths.map((length) => length * tokenWeightOf(estimator, length, of));

  it('weighs completions alike for GRPO, tokens alike for DAPO, by a constant for Dr. GRPO, whole sums for RLOO', () => {
    expect(totals('grpo')).toEqual([1 / 3, 1 / 3, 1 / 3].map((x) => expect.closeTo(x, 9) as number));
    expect(totals('dapo')).toEqual([2 / 12, 6 / 12, 4 / 12].map((x) => expect.closeTo(x, 9) as number));
    expect(totals('dr-grpo')).toEqual([2 / 24, 6 / 24, 4 / 24].map((x) => expect.closeTo(x, 9) as number));
    expect(totals('rloo')).toEqual([2 / 3, 2, 4 / 3].map((x) => expect.closeTo(x, 9) as number));
  });
});
