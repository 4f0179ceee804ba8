import { describe, expect, it } from 'vitest';
import type { RootThinker } from '../../../clients/analysis/root-thinker.js';
import { AppError } from '../../../src/core/errors.js';
import { analyse } from '../../support/analysis-session.js';
import { HeuristicEvaluator } from '../../support/heuristic-evaluator.js';

const query = {
  id: 'q',
  moves: [['B', 'C3']],
  rules: 'tromp-taylor',
  komi: 0.5,
  boardXSize: 5,
  boardYSize: 5,
};

describe('a wider look at the root', () => {
  /** Likes one move. */
  class Peaked extends HeuristicEvaluator {
    override async evaluate(...args: Parameters<HeuristicEvaluator['evaluate']>) {
      const evaluations = await super.evaluate(...args);
      for (const { logits } of evaluations) logits[7]! += 2;
      return evaluations;
    }
  }

  /** Moves that were visited. */
  const moves = async (changes: object): Promise<number> => {
    const asked = { ...query, maxVisits: 24, ...changes };
    return (await analyse([asked], { evaluator: new Peaked() }))[0]!.moveInfos!.length;
  };

  it('visits more moves, by noise and by temperature, named in the query or in its settings', async () => {
    const usual = await moves({});
    expect(await moves({ overrideSettings: { wideRootNoise: 1 } })).toBeGreaterThan(usual);
    expect(await moves({ overrideSettings: { rootPolicyTemperature: '4' } })).toBeGreaterThan(usual);
    expect(await moves({ rootPolicyTemperature: 4 })).toBeGreaterThan(usual);
    expect(await moves({ rootPolicyTemperature: 0.2 })).toBeLessThan(usual);
  });
});

describe('a server that has no room for a search', () => {
  const full: RootThinker = {
    evaluation: undefined,
    async *think() {
      throw await Promise.resolve(new AppError('resource-exhausted', 'No room'));
    },
    clear: () => undefined,
  };
  const answer = async (search: 'auto' | 'server') =>
    (await analyse([query], { settings: { search }, remote: () => Promise.resolve(full) }))[0]!;

  it('leaves the search to the engine, unless the engine is to search on the server', async () => {
    expect((await answer('auto')).rootInfo).toMatchObject({ visits: 16 });
    expect((await answer('server')).error).toBe('No room');
  });
});

describe('the moves before the position', () => {
  /** How many of them the network saw with the root, by query. */
  async function shown(changes: object, settings = {}): Promise<number> {
    const evaluator = new HeuristicEvaluator();
    const evaluate = evaluator.evaluate.bind(evaluator);
    const lastMoves: number[] = [];
    evaluator.evaluate = (positions, options) => {
      lastMoves.push(...positions.map((position) => position.lastMoves.length));
      return evaluate(positions, options);
    };
    const moves = [
      ['B', 'C3'],
      ['W', 'C4'],
    ];
    await analyse([{ ...query, moves, ...changes }], { evaluator, settings });
    return lastMoves[0]!;
  }

  it('are not shown to the network, unless the query or the engine is told to', async () => {
    expect(await shown({})).toBe(0);
    expect(await shown({ overrideSettings: { ignorePreRootHistory: false } })).toBe(2);
    expect(await shown({ overrideSettings: { ignorePreRootHistory: 'false' } })).toBe(2);
    expect(await shown({}, { ignorePreRootHistory: false })).toBe(2);
    expect(await shown({ overrideSettings: { ignorePreRootHistory: true } }, { ignorePreRootHistory: false })).toBe(0);
  });
});
