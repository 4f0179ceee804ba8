import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src/core/rng.js';
import type { Curriculum, CurriculumOptions, CurriculumState } from '../../../../src/methods/curriculum/curriculum.js';
import { makeCurriculum } from '../../../../src/methods/curriculum/make-curriculum.js';
import { drawByLogWeights } from '../../../../src/methods/curriculum/draw.js';
import { stepOf } from '../../../../src/methods/curriculum/ordered.js';
import { curriculumKinds, readCurriculumSettings } from '../../../../src/methods/curriculum/settings.js';
import { outcomeOf, somePool, someScores } from '../../../support/curricula.js';

const pool = somePool(96);
const scores = someScores(pool);

function make(settings: Record<string, unknown>, options: Partial<CurriculumOptions> = {}): Curriculum {
  return makeCurriculum(readCurriculumSettings(settings), pool, { seed: 4, scores, ...options });
}

function play(curriculum: Curriculum, steps: number): (readonly number[])[] {
  return Array.from({ length: steps }, () => {
    const drawn = curriculum.draw(16);
    curriculum.update(outcomeOf(pool, drawn, scores));
    if (curriculum.wantsScores) curriculum.reorder(someScores(pool, 2));
    return drawn;
  });
}

/** Mean level of the draws. */
function levelOf(draws: readonly (readonly number[])[]): number {
  const levels = draws.flat().map((index) => pool[index]!.level);
  return levels.reduce((sum, level) => sum + level, 0) / levels.length;
}

describe.each(curriculumKinds)('curriculum %s', (kind) => {
  it('draws no prompt twice in a step, all of a small pool, and other ones with another seed', () => {
    const curriculum = make({ kind });
    for (const drawn of play(curriculum, 12)) {
      expect(new Set(drawn).size).toBe(16);
      for (const index of drawn) expect(pool[index]).toBeDefined();
    }
    expect([...curriculum.draw(1000)].sort((a, b) => a - b)).toEqual(pool.map((_, i) => i));
    expect(play(make({ kind }), 3)).toEqual(play(make({ kind }), 3));
    expect(play(make({ kind }, { seed: 5 }), 3)).not.toEqual(play(make({ kind }), 3));
  });

  it('goes on from its state, after JSON, as if it had not been stopped', () => {
    const whole = make({ kind });
    play(whole, 5);
    const state = JSON.parse(JSON.stringify(whole.state())) as CurriculumState;
    const resumed = make({ kind }, { state });
    expect(play(resumed, 10)).toEqual(play(whole, 10));
    expect(resumed.state()).toEqual(whole.state());
  });

  it('refuses the state of another kind and lists of another length', () => {
    expect(() => make({ kind }, { state: { kind: 'other' } })).toThrow(
      `The state is that of curriculum 'other', not of '${kind}'`,
    );
    expect(() => make({ kind }, { scores: scores.slice(1) })).toThrow('There are 95 scores for 96 prompts');
  });
});

describe('ordered curricula', () => {
  it('begin with what is concentrated or short, and go on to the rest as it is solved', () => {
    for (const kind of ['gain', 'length-first']) {
      const draws = play(make({ kind, sigma: 0.1, uniformShare: 0, beta: 0, atEnd: 'stay' }), 12);
      expect(levelOf(draws.slice(0, 1)), kind).toBeLessThan(1.7);
      expect(levelOf(draws.slice(-1)), kind).toBeGreaterThan(3.3);
    }
  });

  it('draw as the random order does where all scores are the same', () => {
    const constant = pool.map(({ length }) => ({ intra: 0.5, inter: 0, debiasedIntra: 0.5, length }));
    expect(make({ kind: 'gain' }, { scores: constant }).draw(16)).toEqual(make({ kind: 'random-order' }).draw(16));
  });

  it('order within families, and merge these by quantile', () => {
    const shifted = scores.map((score, i) => ({ ...score, intra: score.intra - (pool[i]!.family === 'add' ? 2 : 0) }));
    const first = (rankWithinFamily: boolean): Set<string> => {
      const curriculum = make({ kind: 'gain', sigma: 0.01, uniformShare: 0, rankWithinFamily }, { scores: shifted });
      return new Set(curriculum.draw(12).map((index) => pool[index]!.family));
    };
    expect([...first(false)]).toEqual(['reverse']);
    expect(first(true).size).toBe(2);
  });

  it('ask for scores of the model as it is when the window begins anew, and use them', () => {
    const curriculum = make({ kind: 'gain', sigma: 0.01, uniformShare: 0, beta: 0, alpha: 100 });
    const before = curriculum.draw(8);
    while (!curriculum.wantsScores) {
      const drawn = curriculum.draw(16);
      curriculum.update({ drawn, passRates: drawn.map(() => 1), angle: drawn.map((index) => scores[index]!) });
    }
    expect(curriculum.state()['center']).toBe(0);
    curriculum.reorder(scores.map((score) => ({ ...score, intra: -score.intra })));
    expect(curriculum.wantsScores).toBe(false);
    expect(levelOf([curriculum.draw(8)])).toBeGreaterThan(levelOf([before]) + 2);
  });

  it('need scores where they order by them', () => {
    const settings = readCurriculumSettings({ kind: 'gain' });
    expect(() => makeCurriculum(settings, pool, { seed: 1 })).toThrow(
      "Curriculum 'gain' needs angle scores of the pool, and there are none",
    );
  });
});

describe('the window', () => {
  const paper = { alpha: 2, beta: 0.5, gamma: 0.5, update: 'paper' } as const;

  it('stays at the target accuracy without concentration, and moves at most a draw', () => {
    expect(stepOf(paper, { count: 32, accuracy: 0.5, angle: 0 })).toBe(0);
    expect(stepOf({ ...paper, alpha: 99, gamma: 99 }, { count: 32, accuracy: 1, angle: 1 })).toBeCloseTo(32, 6);
  });

  it('is that of the paper, n/2 (tanh α(acc − β) + tanh γC), or that of the released code', () => {
    const seen = { count: 32, accuracy: 0.3, angle: 0.4 };
    expect(stepOf(paper, seen)).toBeCloseTo(16 * (Math.tanh(-0.4) + Math.tanh(0.2)), 12);
    expect(stepOf({ ...paper, update: 'released' }, seen)).toBeCloseTo(16 * (Math.tanh(-0.4) + Math.tanh(0.8)), 12);
    const failed = { count: 32, accuracy: 0, angle: 0 };
    expect(stepOf(paper, failed)).toBeLessThan(0);
    expect(stepOf({ ...paper, update: 'released' }, failed)).toBe(0);
  });
});

describe('drawing by log weights', () => {
  it('draws where all weights vanish, and never what has none', () => {
    const far = Array.from({ length: 50 }, (_, rank) => -0.5 * ((rank - 1e6) / 2) ** 2);
    const drawn = drawByLogWeights(far, 5, new Rng(1));
    expect(new Set(drawn).size).toBe(5);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(45);
    expect(drawByLogWeights([-Infinity, 0, -Infinity], 3, new Rng(1))).toEqual([1]);
  });

  it('draws the first in proportion to the weights', () => {
    const rng = new Rng(9);
    const counts = [0, 0, 0];
    for (let i = 0; i < 20_000; i++) counts[drawByLogWeights([0, Math.log(2), Math.log(5)], 1, rng)[0]!]!++;
    for (const [i, weight] of [1, 2, 5].entries())
      expect(Math.abs(counts[i]! / 20_000 - weight / 8)).toBeLessThan(0.015);
  });
});

describe('curricula that follow the accuracy', () => {
  it('accuracy raises its target as long as prompts are solved, and lowers it where they are not', () => {
    const curriculum = make({ kind: 'accuracy', eta: 20 });
    const tell = (rate: number): void => {
      const drawn = curriculum.draw(16);
      curriculum.update({ drawn, passRates: drawn.map(() => rate) });
    };
    expect(levelOf([curriculum.draw(16)])).toBe(1);
    for (let i = 0; i < 12; i++) tell(1);
    expect(levelOf([curriculum.draw(16)])).toBe(4);
    for (let i = 0; i < 12; i++) tell(0);
    expect(levelOf([curriculum.draw(16)])).toBe(1);
  });

  it('accuracy takes turns among prompts of one difficulty', () => {
    const curriculum = make({ kind: 'accuracy' });
    const drawn = new Set([...curriculum.draw(12), ...curriculum.draw(12)]);
    expect(drawn.size).toBe(24);
  });

  it('accuracy goes by given difficulties rather than levels', () => {
    const curriculum = make({ kind: 'accuracy' }, { difficulties: pool.map(({ level }) => -level) });
    expect(levelOf([curriculum.draw(16)])).toBe(4);
  });

  it.each(['learnability', 'mixed'])('%s comes to draw what is sometimes solved', (kind) => {
    const draws = play(make({ kind, uniformShare: 0 }), 30);
    const levels = draws.slice(-10).flatMap((drawn) => drawn.map((index) => pool[index]!.level));
    const share = levels.filter((level) => level === 2 || level === 3).length / levels.length;
    expect(share).toBeGreaterThan(0.75);
  });
});
