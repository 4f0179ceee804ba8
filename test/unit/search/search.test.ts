import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/rng.js';
import { driveSync } from '../../../src/search/drive.js';
import type { Evaluation } from '../../../src/search/evaluator.js';
import type { SearchOptions } from '../../../src/search/options.js';
import { Search, search } from '../../../src/search/search.js';
import { Tree } from '../../../src/search/tree.js';
import { Bandit, Nim, opinionated, TicTacToe, uniform } from '../../support/toy-games.js';

const selections = ['puct', 'gumbel'] as const;
const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);
const nim = (heap: number, options: SearchOptions) => driveSync(search(new Nim(heap), options, new Rng(1)), uniform);

describe.each(selections)('a %s search', (root) => {
  it.each([5, 6, 7, 9, 10, 11])('leaves a multiple of four in Nim with a heap of %i', (heap) => {
    const result = nim(heap, { visits: 400, root, gumbelScale: 0 });
    expect((heap - result.bestAction - 1) % 4).toBe(0);
    expect(result.value).toBeGreaterThan(0.3);
  });

  it.each([4, 8])('knows that a heap of %i is lost', (heap) => {
    expect(nim(heap, { visits: 400, root, gumbelScale: 0 }).value).toBeLessThan(-0.3);
  });

  it('wins noughts and crosses at once where it can', () => {
    const game = new TicTacToe([0, 3, 1, 4]);
    expect(driveSync(search(game, { visits: 100, root, gumbelScale: 0 }, new Rng(1)), uniform).bestAction).toBe(2);
  });

  it('blocks the only threat', () => {
    const game = new TicTacToe([0, 8, 1]);
    expect(driveSync(search(game, { visits: 400, root, gumbelScale: 0 }, new Rng(1)), uniform).bestAction).toBe(2);
  });

  it('gives the same tree for the same seed', () => {
    const run = (seed: number): Tree => {
      const made = new Search(new TicTacToe(), { visits: 60, root, dirichletTotal: 5 }, new Rng(seed));
      driveSync(made.run(), opinionated);
      return made.tree;
    };
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });

  it('never plays what it may not', () => {
    const allowed = new Uint8Array([1, 1, 0, 1, 1, 0, 1, 1, 1]);
    const game = new TicTacToe([0, 3, 1, 4]);
    const result = driveSync(search(game, { visits: 50, root, allowed }, new Rng(1)), uniform);
    expect(result.bestAction === 2 || result.bestAction === 5).toBe(false);
    expect(result.visitCounts[2]).toBe(0);
    expect(result.policy[2]).toBe(0);
    expect(sum(result.policy)).toBeCloseTo(1, 5);
  });

  it('fills batches and still finds the win', () => {
    const sizes: number[] = [];
    const result = driveSync(
      search(new TicTacToe([0, 4, 8]), { visits: 400, root, gumbelScale: 0, batch: 8 }, new Rng(1)),
      (positions: readonly TicTacToe[]) => (sizes.push(positions.length), uniform(positions)),
    );
    expect(Math.max(...sizes)).toBe(8);
    // After opposite corners the side cells (1, 3, 5, 7) hold the draw; a corner loses.
    expect([1, 3, 5, 7]).toContain(result.bestAction);
    expect(result.simulations).toBe(400);
  });

  it('stops when told, with a sound result', () => {
    let asked = 0;
    const options = { visits: 1000, root, shouldStop: () => ++asked > 20 };
    const result = driveSync(search(new TicTacToe(), options, new Rng(1)), uniform);
    expect(result.simulations).toBe(20);
    expect(sum(result.visitCounts)).toBe(20);
  });

  it('falls back on the priors without any simulation', () => {
    const policyOf = (positions: readonly TicTacToe[]): Evaluation[] =>
      positions.map(() => ({ logits: [0, 0, 0, 2, 0, 0, 0, 0, 0], value: 0.5 }));
    const result = driveSync(search(new TicTacToe(), { visits: 0, root, gumbelScale: 0 }, new Rng(1)), policyOf);
    expect(result).toMatchObject({ bestAction: 3, simulations: 0, value: 0.5, rawValue: 0.5 });
    expect(sum(result.policy)).toBeCloseTo(1, 5);
    expect(result.policy[3]).toBeCloseTo(Math.exp(2) / (Math.exp(2) + 8), 5);
  });
});

describe('a search', () => {
  it('refuses a finished game', () => {
    expect(() => search(new Nim(0), { visits: 1 }, new Rng(1)).next()).toThrow(/game is over/);
  });

  it('refuses an endless Gumbel root', () => {
    expect(() => search(new Nim(3), { visits: Infinity, root: 'gumbel' }, new Rng(1)).next()).toThrow(
      /visits is Infinity/,
    );
  });

  it('refuses to be left without an action', () => {
    const allowed = new Uint8Array(3);
    expect(() => nim(3, { visits: 5, allowed })).toThrow(/None of the actions/);
  });

  it.each([
    ['a missing evaluation', () => []],
    ['a value out of range', (): Evaluation[] => [{ logits: [0, 0, 0], value: 2 }]],
    ['a logit that is not a number', (): Evaluation[] => [{ logits: [0, NaN, 0], value: 0 }]],
    ['a short policy', (): Evaluation[] => [{ logits: [0, 0], value: 0 }]],
  ])('refuses %s', (_, evaluate) => {
    expect(() => driveSync(search(new Nim(9), { visits: 5 }, new Rng(1)), evaluate)).toThrow(/Broken invariant/);
  });

  it('does not ask about finished games', () => {
    let asked = 0;
    driveSync(search(new Bandit([1, 0, -1]), { visits: 50 }, new Rng(1)), (positions: readonly Bandit[]) => {
      asked += positions.length;
      return uniform(positions);
    });
    expect(asked).toBe(1);
  });

  it('does not change the position it searches', () => {
    const game = new TicTacToe([4]);
    driveSync(search(game, { visits: 30 }, new Rng(1)), uniform);
    expect(game).toEqual(new TicTacToe([4]));
  });

  it('mixes noise into the root priors only', () => {
    const run = (dirichletTotal: number): Tree => {
      const made = new Search(new TicTacToe(), { visits: 40, dirichletTotal }, new Rng(3));
      driveSync(made.run(), uniform);
      return made.tree;
    };
    expect(run(10).prior.slice(0, 9)).toEqual(run(0).prior.slice(0, 9));
    expect(run(10).child.slice(0, 9)).not.toEqual(run(0).child.slice(0, 9));
  });

  it('leaves a usable tree when it is given up with leaves out', () => {
    const tree = new Tree();
    const given = search(new TicTacToe(), { visits: 100, batch: 8 }, new Rng(1), tree);
    let step = given.next();
    for (let i = 0; i < 4; i++) step = given.next(opinionated(step.value as TicTacToe[]));
    given.return(undefined as never);
    expect(Math.max(...tree.inFlight)).toBe(0);
    const before = tree.visits[0]! - 1;
    const result = driveSync(search(new TicTacToe(), { visits: 50 }, new Rng(1), tree), opinionated);
    expect(sum(result.visitCounts)).toBe(before + 50);
  });

  it('starts afresh when it is given up before the root is known', () => {
    const tree = new Tree();
    const given = search(new TicTacToe(), { visits: 10 }, new Rng(1), tree);
    given.next();
    given.return(undefined as never);
    expect(tree.nodeCount).toBe(0);
  });
});
