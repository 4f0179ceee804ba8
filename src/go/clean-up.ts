/**
 * Taking dead stones off the board where every stone on it counts: networks that learnt under rules where stones in the
 * opponent's pass-alive area are dead do not, and pass instead.
 */

import { Chains, findChains } from './chains.js';
import { opponent, type Color } from './color.js';
import { passAliveInto } from './pass-alive.js';
import type { Position } from './position.js';

const chains = new Chains();

/**
 * A move of the player to move that fills a liberty of stones which are dead in its pass-alive area, those with the fewest
 * liberties first, and gives up nothing of that area; undefined if there is none.
 */
export function cleanUpMove(position: Position): number | undefined {
  const color = position.toMove;
  const { geometry, stones, head, liberties } = position.board;
  const { stride, pointOf } = geometry;
  const owners = passAlive(position);
  const moves = new Map<number, number>();
  for (const cell of geometry.cellOf) {
    if (stones[cell] !== 0 || owners[cell] !== color) continue;
    for (const next of [cell - stride, cell - 1, cell + 1, cell + stride]) {
      if (stones[next] !== opponent(color) || owners[next] !== color) continue;
      moves.set(pointOf[cell]!, Math.min(liberties[head[next]!]!, moves.get(pointOf[cell]!) ?? Infinity));
    }
  }
  const quickest = [...moves].sort(([, a], [, b]) => a - b).map(([move]) => move);
  return quickest.find((move) => keeps(position, move, owners, color));
}

/** Whether everything that belongs to `color` in `owners` [cells] still does after the move. */
function keeps(position: Position, move: number, owners: Uint8Array, color: Color): boolean {
  const next = position.clone();
  if (next.tryPlay(move)) return false;
  const after = passAlive(next);
  return owners.every((owner, cell) => owner !== color || after[cell] === color);
}

/** Who owns each cell beyond doubt [cells]. */
function passAlive({ board, rules }: Position): Uint8Array {
  const owners = new Uint8Array(board.geometry.cells);
  findChains(board.geometry, board.stones, chains);
  passAliveInto(board.geometry, board.stones, chains, rules.suicide, owners);
  return owners;
}
