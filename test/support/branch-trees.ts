/** Small game trees for the tests of branching. */

import { GameTree, type NewVariation, type SearchedPosition } from '../../src/methods/branching/game-tree.js';
import { paperSettings, type BranchSettings } from '../../src/methods/branching/settings.js';

/** A searched position with the moves 0, 1, 2 … weighted as given. */
export function searchedPosition(winRate: number, weights: readonly number[], isCandidate = true): SearchedPosition {
  return { policy: weights.flatMap((weight, move) => [move, weight]), winRate, isCandidate };
}

/** The paper's settings, changed as given. */
export function branchSettings(changes: Partial<BranchSettings> = {}): BranchSettings {
  return { ...paperSettings, ...changes };
}

/**
 * Three games of three moves each, by hand; in brackets the results through a position, under it its win rate:
 *
 *     start ─0─► a ─0─► b ─0─► won        variation 0
 *      0.6   │   0.5    0.7
 *            │   └──1─► c ─1─► lost       variation 1 branches at a with move 1
 *            │          0.3
 *            └1─► d ─2─► e ─2─► lost      variation 2 branches at the start with move 1
 *                0.45    0.2
 *
 * Weights: start 0.5 0.3 0.2, a 0.8 0.2, everywhere else 0.4 0.3 0.3.
 */
export function smallVariations(): NewVariation[] {
  const other = [0.4, 0.3, 0.3];
  const start = searchedPosition(0.6, [0.5, 0.3, 0.2]);
  const a = searchedPosition(0.5, [0.8, 0.2]);
  return [
    { moves: [0, 0, 0], sharedMoves: 0, positions: [start, a, searchedPosition(0.7, other)], result: 1 },
    { moves: [0, 1, 1], sharedMoves: 2, positions: [searchedPosition(0.3, other)], result: 0 },
    {
      moves: [1, 2, 2],
      sharedMoves: 1,
      positions: [searchedPosition(0.45, other), searchedPosition(0.2, other)],
      result: 0,
    },
  ];
}

/** A tree of these games, in order. */
export function treeOf(variations: readonly NewVariation[]): GameTree {
  const tree = new GameTree();
  for (const variation of variations) tree.add(variation);
  return tree;
}
