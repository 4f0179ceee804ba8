/** What a random player must not do if its games are to end. */

import type { ReadonlyBoard } from './readonly-board.js';
import type { Color } from './color.js';

/**
 * Whether the empty `cell` looks like an eye of `color`: all neighbours are its stones, and the opponent holds at most
 * one of the diagonals, none at the edge.
 */
export function isOwnEye(board: ReadonlyBoard, cell: number, color: Color): boolean {
  const { stones, geometry } = board;
  const stride = geometry.stride;
  const up = cell - stride;
  const down = cell + stride;
  // A border cell (3) holds both bits, so it counts as a stone of either color.
  if ((stones[up]! & stones[cell - 1]! & stones[cell + 1]! & stones[down]! & color) === 0) return false;
  const enemy = 3 - color;
  let enemies = 0;
  let border = 0;
  for (let i = 0; i < 4; i++) {
    const stone = stones[i === 0 ? up - 1 : i === 1 ? up + 1 : i === 2 ? down - 1 : down + 1]!;
    if (stone === enemy) enemies++;
    else if (stone === 3) border = 1;
  }
  return enemies + border < 2;
}
