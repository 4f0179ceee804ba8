import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/rng.js';
import { driveSync } from '../../../src/search/drive.js';
import { Search } from '../../../src/search/search.js';
import { Nim, opinionated, TicTacToe, uniform } from '../../support/toy-games.js';

describe('statistics', () => {
  it('list the visited moves, most visited first, and add up', () => {
    const made = new Search(new TicTacToe([4]), { visits: 300 }, new Rng(1));
    const result = driveSync(made.run(), opinionated);
    const { moves, visits, value } = made.statistics();
    expect(visits).toBe(301);
    expect(value).toBe(result.value);
    expect(moves.reduce((total, move) => total + move.visits, 0)).toBe(300);
    expect(moves.map((move) => move.visits)).toEqual(moves.map((move) => move.visits).sort((a, b) => b - a));
    expect(moves[0]?.action).toBe(result.bestAction);
    for (const move of moves) {
      expect(move.visits).toBe(result.visitCounts[move.action]);
      expect(move.pv[0]).toBe(move.action);
      expect(move.pvVisits[0]).toBe(move.visits);
      expect(move.pv).toHaveLength(move.pvVisits.length);
      expect(move.lcb).toBeLessThan(move.value);
      expect(move.lcb).toBeGreaterThanOrEqual(-1);
    }
  });

  it('show the winning line of Nim', () => {
    const made = new Search(new Nim(6), { visits: 2000 }, new Rng(1));
    driveSync(made.run(), uniform);
    const [best] = made.statistics().moves;
    expect(best?.pv[0]).toBe(1);
    const taken = best!.pv.reduce((total, action) => total + action + 1, 0);
    expect(taken).toBe(6);
    expect(best!.value).toBeGreaterThan(0.9);
    expect(best!.lcb).toBeGreaterThan(0.5);
  });

  it('list unvisited moves when asked', () => {
    const made = new Search(new TicTacToe(), { visits: 3 }, new Rng(1));
    driveSync(made.run(), uniform);
    expect(made.statistics().moves).toHaveLength(3);
    expect(made.statistics({ unvisited: true }).moves).toHaveLength(9);
  });

  it('are empty before the first evaluation and can be read between batches', () => {
    const made = new Search(new TicTacToe(), { visits: 30, batch: 4 }, new Rng(1));
    expect(made.statistics().moves).toEqual([]);
    const generator = made.run();
    let seen = 0;
    for (let step = generator.next(); !step.done; step = generator.next(uniform(step.value))) {
      const { visits, moves } = made.statistics();
      expect(visits).toBeGreaterThanOrEqual(seen);
      expect(moves.reduce((total, move) => total + move.visits, 0)).toBe(Math.max(0, visits - 1));
      seen = visits;
    }
  });

  it('average auxiliary values over the tree as it averages the value', () => {
    // The first auxiliary number is the value itself, so both averages must agree; the second counts evaluations.
    const auxiliary = {
      size: 2,
      read: (evaluation: { value: number }, out: Float32Array, at: number) => out.set([evaluation.value, 0], at),
      readTerminal: (game: TicTacToe, out: Float32Array, at: number) => out.set([game.terminalValue(), 0], at),
    };
    const made = new Search(new TicTacToe([4, 0]), { visits: 400, auxiliary, batch: 4 }, new Rng(1));
    driveSync(made.run(), opinionated);
    const { auxiliary: whole, value, moves } = made.statistics();
    expect(whole[0]).toBeCloseTo(value, 6);
    for (const move of moves) expect(move.auxiliary[0]).toBeCloseTo(move.value, 5);
  });
});
