/** Where handicap stones go (GTP 2 draft, 4.1). */

import { AppError, check } from '../core/errors.js';

/** The most stones that fixed placement has: 9 on odd sizes from 9, 4 on even ones from 8 and on 7, none below. */
export function maxFixedHandicap(size: number): number {
  if (size < 7) return 0;
  return size % 2 === 0 || size === 7 ? 4 : 9;
}

/**
 * The points of a fixed handicap, in GTP's order: two opposite corners, the other two, the sides, the centre whenever
 * the number is odd and above four. Corner stones stand on the third line up to size 12 and on the fourth from 13.
 *
 * @throws AppError 'invalid-argument' if the size has no such handicap
 */
export function fixedHandicap(size: number, stones: number): number[] {
  const most = maxFixedHandicap(size);
  check(
    Number.isInteger(stones) && stones >= 2 && stones <= most,
    () =>
      `handicap is ${stones}; size ${size} ` +
      (most === 0 ? 'has no fixed handicap' : `has fixed handicaps 2 to ${most}`),
  );
  return points(size, stones);
}

/**
 * Good points for a handicap of any number of stones, for `place_free_handicap`: the fixed ones as far as they go.
 * A program may place fewer stones than asked, but not one.
 *
 * @throws AppError 'invalid-argument' if fewer than two stones are asked for, 'failed-precondition' below size 7
 */
export function freeHandicap(size: number, stones: number): number[] {
  check(
    Number.isInteger(stones) && stones >= 2 && stones < size * size,
    () => `handicap is ${stones}; it must be a whole number from 2 to ${size * size - 1}`,
  );
  const most = maxFixedHandicap(size);
  if (most === 0) throw new AppError('failed-precondition', `Size ${size} has no handicap points`);
  return points(size, Math.min(stones, most));
}

function points(size: number, stones: number): number[] {
  const low = size < 13 ? 2 : 3;
  const high = size - 1 - low;
  const middle = (size - 1) / 2;
  const at = (column: number, rowFromBottom: number): number => (size - 1 - rowFromBottom) * size + column;
  const corners = [at(low, low), at(high, high), at(low, high), at(high, low)];
  if (stones <= 4) return corners.slice(0, stones);
  const sides = [at(low, middle), at(high, middle), at(middle, low), at(middle, high)];
  const even = [...corners, ...sides].slice(0, stones - (stones % 2));
  return stones % 2 === 1 ? [...even, at(middle, middle)] : even;
}
