import { describe, expect, it } from 'vitest';
import { anchorsOf, opponentsOf, targetOf } from '../../../experiments/shared/self-play/anchors.js';
import { playerOf, type Experiment, type ResultLine } from '../../../experiments/shared/self-play/experiment.js';
import { plotReport } from '../../../experiments/shared/self-play/plot.js';
import { makeReport, meanCurve, positionsAt } from '../../../experiments/shared/self-play/report.js';
import { winChance } from '../../../src/trainer/alphazero/rating.js';

const experiment: Experiment = {
  folder: 'test',
  name: 'test',
  size: 7,
  positions: 8000,
  marks: [1000, 2000, 4000, 6000, 8000],
  slots: 1,
  versionEvery: 1000,
  set: {},
};

/** True Elo that grows with the logarithm of the positions; an arm with `speed` needs as many times fewer. */
const trueElo = (mark: number, speed: number): number => 400 + 200 * Math.log2((mark * speed) / 1000);

/** Results of many games between checkpoints of known strength and the anchors. */
function results(speeds: Readonly<Record<string, number>>): ResultLine[] {
  const elo = new Map([['random', 0]]);
  const lines: ResultLine[] = [];
  for (const [arm, speed] of Object.entries(speeds)) {
    for (const seed of arm === 'base' ? [0, 1, 2, 3] : [1, 2, 3]) {
      for (const mark of experiment.marks) {
        const name = playerOf({ arm, seed, mark });
        elo.set(name, trueElo(mark, speed) + 20 * (seed - 2));
        const counts = { positions: mark, games: 1, steps: 1, evaluations: 1, seconds: 1, losses: {} };
        lines.push({ kind: 'checkpoint', arm, seed, mark, ...counts });
      }
    }
  }
  const names = [...elo.keys()];
  for (const a of names) {
    for (const b of [...anchorsOf(experiment), 'random']) {
      if (a === b || a === 'random') continue;
      const chance = winChance(elo.get(a)! - elo.get(b)!);
      lines.push({ kind: 'match', a, b, wins: 10_000 * chance, draws: 0, losses: 10_000 * (1 - chance) });
    }
  }
  return lines;
}

describe('the report of the branching benchmark', () => {
  it('finds how many fewer positions an arm needs, and the Elo that it is ahead', () => {
    const report = makeReport(experiment, results({ base: 1, twice: 2 }));
    const twice = report.figures.find(({ arm }) => arm === 'twice')!;
    expect(twice.seeds).toBe(3);
    expect(twice.sampleEfficiency).toBeCloseTo(1, 1);
    expect(twice.eloDifference).toBeCloseTo(200, -1);
    expect(twice.ci95[0]).toBeLessThanOrEqual(twice.sampleEfficiency!);
    expect(twice.ci95[1]).toBeGreaterThanOrEqual(twice.sampleEfficiency!);
    expect(report.seedDeviation).toBeCloseTo(20, 0);
    const base = report.figures.find(({ arm }) => arm === 'base')!;
    expect(base).toMatchObject({ sampleEfficiency: 0, eloDifference: 0, seeds: 3 });
  });

  it('keeps the run that the anchors come from out of the comparison', () => {
    const report = makeReport(experiment, results({ base: 1 }));
    expect(report.curves.find(({ arm }) => arm === 'base')!.seeds).toEqual([1, 2, 3]);
    expect(targetOf(experiment)).toBe('base/0/4000');
    expect(report.targetElo).toBe(report.anchors['base/0/4000']);
  });

  it('says that a target was not reached instead of guessing', () => {
    const report = makeReport(experiment, results({ base: 1, slow: 0.1 }));
    expect(report.figures.find(({ arm }) => arm === 'slow')).toMatchObject({ sampleEfficiency: null, reached: 0 });
  });

  it('draws every arm with its name', () => {
    const report = makeReport(experiment, results({ base: 1, twice: 2 }));
    const svg = plotReport(experiment, report, ['base', 'twice']);
    expect(svg).toContain('base (3)');
    expect(svg).toContain('twice (3)');
    expect(svg).not.toContain('NaN');
  });
});

describe('the mean of curves', () => {
  it('is made monotone by pooling', () => {
    expect(meanCurve([[0, 10, 4, 20]])).toEqual([0, 7, 7, 20]);
    expect(
      meanCurve([
        [0, 2],
        [2, 6],
      ]),
    ).toEqual([1, 4]);
  });
});

describe('positions at a rating', () => {
  it('are interpolated in their logarithm, and unknown outside the curve', () => {
    expect(positionsAt([0, 100], [1000, 4000], 50)).toBeCloseTo(2000);
    expect(positionsAt([0, 100], [1000, 4000], 101)).toBeNaN();
    expect(positionsAt([0, 100], [1000, 4000], -1)).toBeNaN();
  });
});

describe('opponents', () => {
  it('are anchors of about the same strength, and plain self-play with the same seed', () => {
    expect(opponentsOf(experiment, 'uge/2/8000')).toEqual([
      'base/0/4000',
      'base/0/8000',
      'uct-400',
      'uct-1000',
      'base/2/8000',
    ]);
    expect(opponentsOf(experiment, 'base/0/8000')).toEqual(['base/0/4000', 'uct-400', 'uct-1000', 'gnugo']);
  });
});
