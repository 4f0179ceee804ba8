/**
 * The chains of a position that is given as stones alone, found in one pass; `Board` keeps its own as the game goes on.
 * Everything is in cells of the bordered layout, see `geometry.ts`.
 */

import type { Geometry, ReadonlyNumbers } from './geometry.js';

/** Most cells that any size has. */
export const MOST_CELLS = 421;

/** The chains of one position; buffers for any size, filled by `findChains`. */
export class Chains {
  /** For stones: one stone that stands for the whole chain. Meaningless elsewhere. */
  readonly head = new Uint16Array(MOST_CELLS);
  /** For heads: the number of liberties. Meaningless elsewhere. */
  readonly liberties = new Uint16Array(MOST_CELLS);
}

// Scratch for one call at a time; nothing here waits.
const counted = new Uint16Array(MOST_CELLS);
const queue = new Uint16Array(361);

/** Writes `stones` [size²] into `cells` of the bordered layout. */
export function toCells({ points, cellOf, emptyStones }: Geometry, stones: Uint8Array, cells: Uint8Array): void {
  cells.set(emptyStones);
  for (let point = 0; point < points; point++) cells[cellOf[point]!] = stones[point]!;
}

/** Finds the chains of `stones` [cells]. */
export function findChains({ points, stride, cells, cellOf }: Geometry, stones: ReadonlyNumbers, out: Chains): void {
  const { head, liberties } = out;
  // Holds, for a stone, whether its chain is done, and for an empty cell the last chain that counted it.
  counted.fill(0, 0, cells);
  for (let point = 0; point < points; point++) {
    const start = cellOf[point]!;
    const color = stones[start]!;
    if (color === 0 || counted[start] !== 0) continue;
    const mark = point + 1;
    let length = 1;
    let count = 0;
    queue[0] = start;
    counted[start] = mark;
    for (let next = 0; next < length; next++) {
      const cell = queue[next]!;
      head[cell] = start;
      for (let i = 0; i < 4; i++) {
        const neighbour = i === 0 ? cell - stride : i === 1 ? cell - 1 : i === 2 ? cell + 1 : cell + stride;
        const stone = stones[neighbour]!;
        if ((stone !== 0 && stone !== color) || counted[neighbour] === mark) continue;
        counted[neighbour] = mark;
        if (stone === 0) count++;
        else queue[length++] = neighbour;
      }
    }
    liberties[start] = count;
  }
}
