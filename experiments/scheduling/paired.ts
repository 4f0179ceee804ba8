/** Times of two arms on the same batches, compared. */

import { interval95, median, resampled } from '../../bench/shared/statistics.js';

/** Milliseconds by iteration. */
export type PairedTimes = ReadonlyMap<number, number>;

const RESAMPLES = 2000;

/**
 * How many times faster `arm` is than `base`: the median over the iterations that both have of base / arm, and the 95 %
 * interval of that median by resampling iterations (percentile bootstrap, fixed seed).
 */
export function describePairs(base: PairedTimes, arm: PairedTimes): { ratio: number; low: number; high: number } {
  const ratios = [...base].flatMap(([iteration, ms]) => {
    const other = arm.get(iteration);
    return other === undefined ? [] : [ms / other];
  });
  const [low, high] = interval95(resampled(ratios, RESAMPLES, median));
  return { ratio: median(ratios), low, high };
}
