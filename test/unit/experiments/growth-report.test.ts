import { describe, expect, it } from 'vitest';
import { plotSavings } from '../../../experiments/growth/plot.js';
import { advantage, bestRate, rateOf, reportArms, stepsTo } from '../../../experiments/growth/report.js';
import type { RunLine } from '../../../experiments/growth/lines.js';
import { lengthsOf, lengthTo, nextLength } from '../../../experiments/growth/schedules.js';
import type { Point } from '../../../experiments/growth/lines.js';

const costs = { stepCost: 10, growthCost: 0, sourceCost: 0, seconds: 1 };

/** A run of a falling rate that ends with a loss. */
function decaying(arm: string, seed: number, learningRate: number, steps: number, loss: number): RunLine {
  return {
    arm,
    seed,
    learningRate,
    schedule: 'decay',
    steps,
    curve: [
      [0, 5],
      [steps, loss],
    ],
    ...costs,
  };
}

describe('the lengths of schedules', () => {
  const lengths = [10, 20, 40, 80];
  /** Tries lengths as a comparison does, with a loss that falls with the logarithm of the length. */
  function tried(target: number): Point[] {
    const ends: Point[] = [];
    for (;;) {
      const next = nextLength(ends, target, lengths, 40);
      if (next === undefined) return ends;
      ends.push([next, 3 - Math.log2(next / 10)]);
      ends.sort(([a], [b]) => a - b);
    }
  }

  it('are tried until the loss lies between two of them', () => {
    expect(tried(1.5).map(([length]) => length)).toEqual([20, 40]);
    expect(tried(0.5).map(([length]) => length)).toEqual([40, 80]);
    expect(tried(4).map(([length]) => length)).toEqual([10, 20, 40]);
    expect(tried(-1).map(([length]) => length)).toEqual([40, 80]);
  });

  it('give the one at which the loss is reached', () => {
    expect(lengthTo(tried(1.5), 1.5)).toBeCloseTo(10 * 2 ** 1.5, 6);
    expect(lengthTo(tried(0.5), 0.5)).toBeCloseTo(10 * 2 ** 2.5, 6);
    expect(lengthTo(tried(4), 4)).toBe(10);
    expect(lengthTo(tried(-1), -1)).toBeUndefined();
    expect(lengthTo([], 1)).toBeUndefined();
  });

  it('are shares of the run from scratch', () => {
    expect(lengthsOf(1000)).toEqual([63, 125, 250, 500, 750, 1000]);
  });
});

describe('the steps to a loss at a constant rate', () => {
  it('are those of the first of two evaluations that have it', () => {
    const curve: Point[] = [
      [0, 5],
      [10, 2],
      [20, 3],
      [30, 2],
      [40, 1],
    ];
    expect(stepsTo(curve, 2)).toBe(30);
    expect(stepsTo(curve, 1)).toBeUndefined();
  });
});

describe('the report of growth', () => {
  /** With the second rate, the better one, `net2net` reaches what 1000 steps from scratch reach in 500 and in 250. */
  const lines: RunLine[] = [
    decaying('scratch', 1, 0.1, 1000, 3),
    decaying('scratch', 1, 0.2, 1000, 2),
    decaying('scratch', 2, 0.2, 1000, 2.2),
    decaying('net2net', 1, 0.1, 250, 2.5),
    decaying('net2net', 1, 0.2, 250, 2.6),
    decaying('net2net', 1, 0.1, 500, 2),
    decaying('net2net', 2, 0.1, 250, 2.2),
    decaying('net2net', 2, 0.1, 125, 2.4),
    { ...decaying('katago', 1, 0.1, 250, 2.9), growthCost: 500, sourceCost: 2500 },
    { ...decaying('katago', 1, 0.1, 1000, 2.1), growthCost: 500, sourceCost: 2500 },
  ];

  it('chooses the rate of each arm by the first seed, or takes that of another arm', () => {
    expect(bestRate(lines, 'scratch', 'decay')).toBe(0.2);
    expect(rateOf(lines, 'net2net', 'decay')).toBe(0.1);
    expect(rateOf(lines, 'katago', 'decay')).toBe(0.1);
    expect(() => rateOf(lines, 'ligo', 'decay')).toThrow("no run of 'ligo' with seed 1");
  });

  it('pools the logarithms of the costs over seeds', () => {
    const report = reportArms(lines, 'decay').find(({ arm }) => arm === 'net2net')!;
    expect(report.each[1]).toBeCloseTo(0.5, 9);
    expect(report.each[2]).toBeCloseTo(0.75, 9);
    expect(report).toMatchObject({ seeds: 2, reached: 2, learningRate: 0.1 });
    expect(report.saving).toBeCloseTo(1 - Math.sqrt(0.5 * 0.25), 9);
    expect(report.ci95[0]).toBeCloseTo(0.5, 9);
    expect(report.ci95[1]).toBeCloseTo(0.75, 9);
  });

  it('compares arms over the seeds that both have', () => {
    const [grown, other] = ['net2net', 'katago'].map((name) =>
      reportArms(lines, 'decay').find(({ arm }) => arm === name),
    );
    expect(advantage(grown, other)).toMatchObject({ seeds: 1, mean: expect.closeTo(0.55, 9) as number });
    expect(advantage(grown, undefined)).toBeUndefined();
  });

  it('leaves out a seed of which a length is still to be tried', () => {
    const started = [...lines, decaying('scratch', 3, 0.2, 1000, 2), decaying('net2net', 3, 0.1, 250, 1.9)];
    expect(reportArms(started, 'decay').find(({ arm }) => arm === 'net2net')!.seeds).toBe(2);
  });

  it('counts an arm that does not get there as if it had at its end, with all its costs', () => {
    const report = reportArms(lines, 'decay').find(({ arm }) => arm === 'katago')!;
    expect(report).toMatchObject({ seeds: 1, reached: 0 });
    expect(report.saving).toBeCloseTo(-0.05, 9);
    expect(report.savingSmallCharged).toBeCloseTo(-0.3, 9);
  });

  it('takes the steps of a constant rate from its curve', () => {
    const constant = (arm: string, curve: Point[]): RunLine => {
      return { arm, seed: 1, learningRate: 0.1, schedule: 'constant', steps: 40, curve, ...costs };
    };
    const scratch = constant('scratch', [
      [0, 5],
      [10, 3],
      [20, 1],
      [30, 1],
      [40, 1],
    ]);
    const grown = constant('net2net', [
      [0, 2],
      [10, 1],
      [20, 1],
    ]);
    // What comes from scratch is there at 20 of its 40 steps already.
    expect(reportArms([scratch, grown], 'constant')[0]!.saving).toBeCloseTo(0.5, 9);
  });

  it('draws a row for each arm', () => {
    const drawing = plotSavings('Savings', reportArms(lines, 'decay'));
    expect(drawing).toContain('net2net (2)');
    expect(drawing).toContain('katago (1)');
    expect(drawing).not.toContain('NaN');
  });
});
