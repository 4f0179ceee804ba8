/** Noughts and crosses for searches that share what they know of positions reached by different orders of moves. */

import type { Transpositions } from '../../src/search/options.js';
import type { Tree } from '../../src/search/tree.js';
import type { Sharing } from '../../src/search/twins.js';
import type { TicTacToe } from './toy-games.js';

/** The position in base 3; it tells how many moves led to it. */
export function positionKey({ cells }: TicTacToe): number {
  return cells.reduce((key, cell) => 3 * key + cell, 0);
}

/** Positions are the same whatever the order of moves: nothing else decides what follows. */
export function transpositions(share: Sharing): Transpositions<TicTacToe> {
  return {
    share,
    keyOf: (game, out) => void (out[0] = positionKey(game)),
    isLegal: ({ cells }, action) => cells[action] === 0,
  };
}

/** Every node of a tree with the position that it stands for, by the first line that leads to it. */
export function positionsOf(tree: Tree, root: TicTacToe): Map<number, TicTacToe> {
  const positions = new Map([[0, root]]);
  for (const node of tree.reachable(0)) {
    for (let edge = tree.firstEdge[node]!; edge < tree.firstEdge[node]! + tree.edgeCount[node]!; edge++) {
      const child = tree.child[edge]!;
      if (child === 0 || positions.has(child)) continue;
      const game = positions.get(node)!.clone();
      game.play(tree.action[edge]!);
      positions.set(child, game);
    }
  }
  return positions;
}
