/**
 * The eight symmetries of the board. Symmetry s is read as three bits, done in this order: bit 0 flips rows (top and
 * bottom), bit 1 flips columns (left and right), bit 2 transposes.
 */

import { assert } from '../core/errors.js';

/** Number of symmetries; 0 leaves everything in place. */
export const SYMMETRIES = 8;

const maps = new Map<number, Int32Array>();

/** Where each action goes [size² + 1]: `map[point]` is its image, a pass stays a pass. Shared; do not write to it. */
export function symmetryMap(size: number, symmetry: number): Int32Array {
  const key = size * SYMMETRIES + symmetry;
  let map = maps.get(key);
  if (map === undefined) {
    assert(Number.isInteger(symmetry) && symmetry >= 0 && symmetry < SYMMETRIES, `symmetry ${symmetry}`);
    map = makeMap(size, symmetry);
    maps.set(key, map);
  }
  return map;
}

/** The symmetry that undoes `symmetry`: itself, except that the two quarter turns undo each other. */
export function inverseSymmetry(symmetry: number): number {
  return symmetry === 5 ? 6 : symmetry === 6 ? 5 : symmetry;
}

function makeMap(size: number, symmetry: number): Int32Array {
  const map = new Int32Array(size * size + 1);
  for (let point = 0; point < size * size; point++) {
    let row = Math.floor(point / size);
    let column = point % size;
    if (symmetry & 1) row = size - 1 - row;
    if (symmetry & 2) column = size - 1 - column;
    if (symmetry & 4) [row, column] = [column, row];
    map[point] = row * size + column;
  }
  map[size * size] = size * size;
  return map;
}
