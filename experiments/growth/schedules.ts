/** The lengths of schedules that an arm is trained by, and the length at which it reaches a loss. */

import type { Point } from './lines.js';

/** The length with which learning rates are chosen, and which is tried first, as a share of the run from scratch. */
export const TUNING = 0.25;

/** Lengths as shares of the run from scratch. */
const SHARES = [0.0625, 0.125, 0.25, 0.5, 0.75, 1];

/** The lengths for a run from scratch of so many steps. */
export function lengthsOf(steps: number): number[] {
  return SHARES.map((share) => Math.round(steps * share));
}

/**
 * The length to try next: longer ones until a schedule ends at or below the loss, shorter ones until one does not.
 *
 * @param ends length and loss at the end of the schedules that were tried, by length
 */
export function nextLength(
  ends: readonly Point[],
  loss: number,
  lengths: readonly number[],
  first: number,
): number | undefined {
  if (ends.length === 0) return first;
  const reached = ends.findIndex(([, end]) => end <= loss);
  if (reached === -1) return lengths.find((length) => length > ends.at(-1)![0]);
  if (reached > 0) return undefined;
  return lengths.findLast((length) => length < ends[0]![0]);
}

/**
 * The length at which the loss is reached, between the longest schedule that does not reach it and the next one, by a line
 * in the logarithm of the length; the shortest length if all reach it; undefined if none does.
 */
export function lengthTo(ends: readonly Point[], loss: number): number | undefined {
  const at = ends.findIndex(([, end]) => end <= loss);
  if (at <= 0) return ends[at]?.[0];
  const [[before, high], [after, low]] = [ends[at - 1]!, ends[at]!];
  return before * (after / before) ** ((high - loss) / (high - low));
}
