/**
 * Area scoring (Tromp–Taylor rules 8 and 9): a point belongs to the color of its stone, or of the stones that its empty
 * region touches if all are of one color. There is no removal of dead stones: what stands counts.
 */

import type { ReadonlyBoard } from './readonly-board.js';

const queue = new Uint16Array(361);
const seen = new Uint8Array(421);

/**
 * Writes the owner of every point into `out` [size²]: 1 black, −1 white, 0 nobody.
 *
 * @returns Black's points minus White's, komi apart
 */
export function areaInto(board: ReadonlyBoard, out: Int8Array): number {
  const { pointOf } = board.geometry;
  return area(board, (cell, owner) => {
    out[pointOf[cell]!] = owner;
  });
}

/** Black's points minus White's, komi apart. */
export function areaScore(board: ReadonlyBoard): number {
  return area(board, undefined);
}

function area(board: ReadonlyBoard, mark: ((cell: number, owner: number) => void) | undefined): number {
  const { stones, empties, emptyCount, geometry } = board;
  let score = 0;
  for (const cell of geometry.cellOf) {
    const stone = stones[cell]!;
    if (stone === 0) continue;
    const owner = stone === 1 ? 1 : -1;
    score += owner;
    mark?.(cell, owner);
  }
  seen.fill(0, 0, geometry.cells);
  for (let i = 0; i < emptyCount; i++) {
    const start = empties[i]!;
    if (seen[start] !== 0) continue;
    const { length, owner } = region(board, start);
    score += owner * length;
    if (mark) for (let j = 0; j < length; j++) mark(queue[j]!, owner);
  }
  return score;
}

/** Collects the empty region of `start` in `queue` and marks it `seen`; `owner` is 0 if it touches both colors or none. */
function region(board: ReadonlyBoard, start: number): { length: number; owner: number } {
  const { stones, geometry } = board;
  const stride = geometry.stride;
  let length = 1;
  let touched = 0;
  queue[0] = start;
  seen[start] = 1;
  for (let next = 0; next < length; next++) {
    const cell = queue[next]!;
    for (let i = 0; i < 4; i++) {
      const neighbour = i === 0 ? cell - stride : i === 1 ? cell - 1 : i === 2 ? cell + 1 : cell + stride;
      const stone = stones[neighbour]!;
      if (stone !== 0) touched |= stone === 3 ? 0 : stone;
      else if (seen[neighbour] === 0) {
        seen[neighbour] = 1;
        queue[length++] = neighbour;
      }
    }
  }
  return { length, owner: touched === 1 ? 1 : touched === 2 ? -1 : 0 };
}
