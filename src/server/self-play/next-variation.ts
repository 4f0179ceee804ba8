/** Whether a game is the next one of its tree. */

import { check } from '../../core/errors.js';
import type { VariationRecord } from '../../go/game-record.js';
import type { Work } from '../../trainer/go-data/work.js';
import type { Moves } from './stored-trees.js';

/** Whether the work is a tree and not a single game. */
export function isTree({ settings, match }: Pick<Work, 'settings' | 'match'>): boolean {
  return settings.branching !== undefined && match === undefined;
}

/**
 * Checks that a variation continues the stored ones: the next in number, from a position that they reached and with a
 * move that none of them played there.
 *
 * @param most games in the tree
 * @param earlier moves of the stored variations, in order
 * @throws AppError 'invalid-argument' naming the first thing that is wrong
 */
export function checkNextVariation(
  { treeId, index, sharedMoves, isLast }: VariationRecord,
  moves: Moves,
  most: number,
  earlier: readonly Moves[],
): void {
  check(
    index >= earlier.length,
    () => `Variation ${index} of the tree '${treeId}' is stored with other moves; the tree went on elsewhere`,
  );
  check(index === earlier.length, () => `variation.index is ${index}; the next of '${treeId}' is ${earlier.length}`);
  check(index < most, () => `variation.index is ${index}; the lease allows ${most} variations`);
  check(
    isLast || index + 1 < most,
    () => `variation.is_last is false; the lease allows no more than ${most} variations`,
  );
  if (index === 0) return;
  check(
    sharedMoves >= 1 && sharedMoves <= moves.length,
    () => `variation.shared_moves is ${sharedMoves}; it must be from 1 to the ${moves.length} moves of the game`,
  );
  const branch = sharedMoves - 1;
  check(
    earlier.some((game) => shares(game, moves, branch)),
    () => `No earlier variation begins with the ${branch} moves before the branch`,
  );
  check(
    !earlier.some((game) => shares(game, moves, sharedMoves)),
    () => `The branch begins with move ${String(moves[branch])} at ply ${branch}, which was explored already`,
  );
}

/** Whether two games have the same moves. */
export function haveSameMoves(a: Moves, b: Moves): boolean {
  return a.length === b.length && shares(a, b, a.length);
}

function shares(a: Moves, b: Moves, count: number): boolean {
  if (a.length < count || b.length < count) return false;
  for (let ply = 0; ply < count; ply++) if (a[ply] !== b[ply]) return false;
  return true;
}
