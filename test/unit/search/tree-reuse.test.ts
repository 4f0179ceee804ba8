import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/rng.js';
import { driveSync } from '../../../src/search/drive.js';
import { search } from '../../../src/search/search.js';
import { Tree } from '../../../src/search/tree.js';
import { opinionated, TicTacToe } from '../../support/toy-games.js';

interface Plain {
  readonly visits: number;
  readonly value: number;
  readonly squares: number;
  readonly raw: number;
  readonly side: number;
  readonly state: number;
  readonly auxiliary: number[];
  readonly edges: readonly { action: number; prior: number; logit: number; child: Plain | undefined }[];
}

/** The subtree of a node as plain data, whatever its indices. */
function plain(tree: Tree, node: number): Plain {
  const first = tree.firstEdge[node]!;
  return {
    visits: tree.visits[node]!,
    value: tree.valueSum[node]!,
    squares: tree.squareSum[node]!,
    raw: tree.rawValue[node]!,
    side: tree.side[node]!,
    state: tree.state[node]!,
    auxiliary: [...tree.auxiliary.slice(node * tree.auxiliarySize, (node + 1) * tree.auxiliarySize)],
    edges: Array.from({ length: tree.edgeCount[node]! }, (_, i) => ({
      action: tree.action[first + i]!,
      prior: tree.prior[first + i]!,
      logit: tree.logit[first + i]!,
      child: tree.child[first + i]! > 0 ? plain(tree, tree.child[first + i]!) : undefined,
    })),
  };
}

const auxiliary = {
  size: 2,
  read: (evaluation: { value: number }, out: Float32Array, at: number) => out.set([evaluation.value, 1], at),
  readTerminal: (_: TicTacToe, out: Float32Array, at: number) => out.set([0, -1], at),
};

describe('reusing a tree', () => {
  it.each([1, 8])('keeps the statistics below the move exactly (batch %i)', (batch) => {
    const tree = new Tree(2, { nodes: 2, edges: 2 });
    driveSync(search(new TicTacToe([4]), { visits: 500, batch, auxiliary }, new Rng(1), tree), opinionated);
    const child = tree.child[tree.findEdge(0, 0)]!;
    const before = plain(tree, child);
    expect(before.visits).toBeGreaterThan(20);
    tree.advance(0);
    expect(plain(tree, 0)).toEqual(before);
    expect(tree.nodeCount).toBeLessThan(500);
  });

  it('goes on as if the tree had never been moved', () => {
    const moves = [4, 0, 2];
    const tree = new Tree();
    const game = new TicTacToe();
    for (const move of moves) {
      driveSync(search(game, { visits: 200 }, new Rng(1), tree), opinionated);
      game.play(move);
      tree.advance(move);
    }
    const result = driveSync(search(game, { visits: 300, countReused: true }, new Rng(1), tree), opinionated);
    expect(tree.visits[0]).toBe(301);
    expect(result.visitCounts.reduce((a, b) => a + b)).toBe(300);
    // Black threatens 6 by 2 and 4.
    expect(result.bestAction).toBe(6);
  });

  it('gives a search of the whole position when the move was never seen', () => {
    const tree = new Tree();
    tree.advance(3);
    expect(tree.nodeCount).toBe(0);
    driveSync(search(new TicTacToe(), { visits: 2 }, new Rng(1), tree), opinionated);
    const unseen = [...Array(9).keys()].find((action) => tree.child[tree.findEdge(0, action)] === 0)!;
    tree.advance(unseen);
    expect(tree.nodeCount).toBe(0);
  });

  it('lets a Gumbel root halve by its own visits and value by all', () => {
    const tree = new Tree();
    const options = { visits: 16, root: 'gumbel', gumbelScale: 0 } as const;
    driveSync(search(new TicTacToe(), { ...options, visits: 200 }, new Rng(1), tree), opinionated);
    tree.advance(0);
    const before = Int32Array.from({ length: 9 }, (_, a) => {
      const edge = tree.findEdge(0, a);
      return edge < 0 || tree.child[edge] === 0 ? 0 : tree.visits[tree.child[edge]!]!;
    });
    const { visitCounts } = driveSync(search(new TicTacToe([0]), options, new Rng(1), tree), opinionated);
    const fresh = [...visitCounts].map((n, a) => n - before[a]!).filter((n) => n > 0);
    // 8 legal actions, 16 simulations: eight once, four twice, two four times.
    expect(fresh.sort()).toEqual([1, 1, 1, 1, 2, 2, 4, 4]);
  });
});
