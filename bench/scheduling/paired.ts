/** Times of two arms on the same batches, compared. */

import { Rng } from '../../src/core/rng.js';

/** Milliseconds by iteration. */
export type PairedTimes = ReadonlyMap<number, number>;

const RESAMPLES = 2000;

/** The middle value; the mean of the two middle ones of an even number; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}

/**
 * How many times faster `arm` is than `base`: the median over the iterations that both have of base / arm, and the 95 %
 * interval of that median by resampling iterations (percentile bootstrap, fixed seed).
 */
export function describePairs(base: PairedTimes, arm: PairedTimes): { ratio: number; low: number; high: number } {
  const ratios = [...base].flatMap(([iteration, ms]) => {
    const other = arm.get(iteration);
    return other === undefined ? [] : [ms / other];
  });
  const rng = new Rng(1);
  const medians = Array.from({ length: RESAMPLES }, () =>
    median(ratios.map(() => ratios[rng.int(ratios.length)] ?? NaN)),
  ).sort((a, b) => a - b);
  const at = (share: number): number => medians[Math.floor(share * (RESAMPLES - 1))] ?? NaN;
  return { ratio: median(ratios), low: at(0.025), high: at(0.975) };
}
