import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/rng.js';
import { driveSync } from '../../../src/search/drive.js';
import type { SearchOptions, Utility } from '../../../src/search/options.js';
import { Search, treeFor } from '../../../src/search/search.js';
import { Bandit, opinionated, TicTacToe, uniform } from '../../support/toy-games.js';

/** A number per node beside the value, here the cells left, and a utility that it changes; `shift` is set at the root. */
class Margin implements Utility {
  readonly range = 1.5;
  shift = 0;
  begin(auxiliary: ArrayLike<number>, side: number): void {
    this.shift = 0.01 * side * auxiliary[1]!;
  }
  of(value: number, auxiliary: Float32Array, offset: number, side: number): number {
    return value + 0.1 * auxiliary[offset + 1]! + side * this.shift;
  }
}

const cellsLeft = (game: TicTacToe): number => game.cells.reduce((count, cell) => count + (cell === 0 ? 1 : 0), 0);

const options: SearchOptions<TicTacToe> = {
  visits: 300,
  countReused: true,
  utility: new Margin(),
  auxiliary: {
    size: 2,
    evenSize: 1,
    read: ({ value }, out, at) => out.set([1, value], at),
    readTerminal: (game, out, at) => out.set([1, cellsLeft(game) / 10], at),
  },
};

describe('a search by utility', () => {
  it('keeps values apart from what it goes by', () => {
    const made = new Search(new TicTacToe([4]), options, new Rng(1));
    const { value } = driveSync(made.run(), opinionated);
    const { moves, utility, auxiliary } = made.statistics();
    const plain = new Search(new TicTacToe([4]), { visits: 300 }, new Rng(1));
    driveSync(plain.run(), opinionated);
    expect(Math.abs(value)).toBeLessThanOrEqual(1);
    expect(utility).not.toBe(value);
    // The first auxiliary number is 1 for both players, so it does not cancel out.
    expect(auxiliary[0]).toBeCloseTo(1, 9);
    for (const move of moves) expect(move.utilityLcb).toBeLessThan(move.utility);
    expect(plain.statistics().moves.every((move) => move.utility === move.value)).toBe(true);
  });

  it('measures a reused tree anew, as if it had always been measured so', () => {
    const tree = treeFor(options);
    driveSync(new Search(new TicTacToe([4]), options, new Rng(1), tree).run(), opinionated);
    tree.advance(0);
    const before = Float64Array.from(tree.valueSum.subarray(0, tree.nodeCount));
    const visits = tree.visits[0]!;
    // No visit is made: only the measure changes.
    driveSync(new Search(new TicTacToe([4, 0]), { ...options, visits: 1 }, new Rng(1), tree).run(), opinionated);
    expect(tree.visits[0]).toBe(visits);
    expect(Float64Array.from(tree.valueSum.subarray(0, tree.nodeCount))).toEqual(before);
    const sums = new Float64Array(tree.nodeCount);
    const squares = new Float64Array(tree.nodeCount);
    for (let node = tree.nodeCount - 1; node >= 0; node--) {
      let own = tree.visits[node]!;
      for (let e = tree.firstEdge[node]!; e < tree.firstEdge[node]! + tree.edgeCount[node]!; e++) {
        const child = tree.child[e]!;
        if (child === 0) continue;
        own -= tree.visits[child]!;
        sums[node]! += sums[child]!;
        squares[node]! += squares[child]!;
      }
      const side = tree.side[node]!;
      const utility = side * options.utility!.of(side * tree.rawValue[node]!, tree.auxiliary, 2 * node, side);
      sums[node]! += own * utility;
      squares[node]! += own * utility * utility;
      expect(tree.utilitySum[node]).toBeCloseTo(sums[node]!, 4);
      expect(tree.squareSum[node]).toBeCloseTo(squares[node]!, 4);
    }
  });

  it('finds the arm that pays most among those that win', () => {
    const arms = [1, 1, 1, -1];
    const pay = [0, 0.2, 0.1, 1];
    const utility: Utility = { range: 2, begin: () => undefined, of: (value, out, at) => value + out[at]! };
    const auxiliary = {
      size: 1,
      read: (_: unknown, out: Float32Array, at: number) => out.set([0], at),
      readTerminal: (game: Bandit, out: Float32Array, at: number) => out.set([-pay[game.pulled]!], at),
    };
    const made = new Search(new Bandit(arms), { visits: 400, utility, auxiliary }, new Rng(1));
    expect(driveSync(made.run(), uniform).bestAction).toBe(1);
    const [best] = made.statistics().moves;
    expect([best!.value, best!.utility]).toEqual([1, expect.closeTo(1.2, 5)]);
  });

  it('is refused with Gumbel selection', () => {
    expect(() => new Search(new TicTacToe(), { ...options, root: 'gumbel' }, new Rng(1))).toThrow('utility');
    expect(() => new Search(new TicTacToe(), { ...options, interior: 'gumbel' }, new Rng(1))).toThrow('utility');
  });
});
