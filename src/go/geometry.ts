/**
 * The bordered board: every point has four neighbours, so no rule has to ask where the edge is. A cell is an index
 * into the bordered layout, a point an index `row * size + column` into the plain one; only this folder knows cells.
 *
 *     cell = (row + 1) * (size + 1) + column + 1        one border column serves both sides
 */

import { assert } from '../core/errors.js';
import { Rng } from '../core/rng.js';

/** What a border cell holds in an array of stones. */
export const BORDER = 3;

/** Numbers to be read only: a typed array as it looks to those that must not write it. A view, never a copy. */
export type ReadonlyNumbers = ArrayLike<number> & Iterable<number>;

/** Tables shared by all boards of one size; never written after they are made. */
export interface Geometry {
  readonly size: number;
  /** Number of points, size². */
  readonly points: number;
  /** Distance between a cell and the one below it. */
  readonly stride: number;
  /** Number of cells, border included. */
  readonly cells: number;
  /** Cell of every point [points]. */
  readonly cellOf: ReadonlyNumbers;
  /** Point of every cell [cells]; 65535 for the border. */
  readonly pointOf: ReadonlyNumbers;
  /** Stones of the empty board [cells]: 0, and `BORDER` around it. */
  readonly emptyStones: ReadonlyNumbers;
  /** Low and high words of the Zobrist keys [2 * cells]: Black's at the cell, White's at `cells + cell`. */
  readonly keysLow: ReadonlyNumbers;
  readonly keysHigh: ReadonlyNumbers;
}

const made: (Geometry | undefined)[] = [];

/** The tables for one size, 1 to 19; made once. */
export function geometry(size: number): Geometry {
  return (made[size] ??= makeGeometry(size));
}

function makeGeometry(size: number): Geometry {
  assert(Number.isInteger(size) && size >= 1 && size <= 19, `a board of size ${size}`);
  const points = size * size;
  const stride = size + 1;
  const cells = (size + 2) * stride + 1;
  const cellOf = new Uint16Array(points);
  const pointOf = new Uint16Array(cells).fill(0xffff);
  const emptyStones = new Uint8Array(cells).fill(BORDER);
  for (let point = 0; point < points; point++) {
    const cell = (Math.floor(point / size) + 1) * stride + (point % size) + 1;
    cellOf[point] = cell;
    pointOf[cell] = point;
    emptyStones[cell] = 0;
  }
  // The keys depend on nothing but the size, so hashes are the same in every process.
  const rng = new Rng(0x7e9e_0000 + size);
  const word = (): number => rng.uint32() | 0;
  const keysLow = Int32Array.from({ length: 2 * cells }, word);
  const keysHigh = Int32Array.from({ length: 2 * cells }, word);
  return { size, points, stride, cells, cellOf, pointOf, emptyStones, keysLow, keysHigh };
}
