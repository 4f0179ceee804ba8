/** Game records → the tree that they make up. */

import { resultForBlack, sharedMovesOf, type GameRecord } from '../go/game-record.js';
import type { GameTree, TreeNode } from '../methods/branching/game-tree.js';
import { variationOf } from '../methods/branching/played-game.js';

/**
 * Adds a record to the tree of the variations before it.
 *
 * @returns its positions from the start to the end
 * @throws AppError 'invalid-argument' if it does not continue them; the tree is unchanged
 */
export function addRecord(tree: GameTree, record: GameRecord): readonly TreeNode[] {
  return tree.add(variationOf(record, sharedMovesOf(record), resultForBlack(record)));
}
