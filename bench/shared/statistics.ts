/** The statistics of all benchmarks and experiments. Of no values they are NaN, which reports show as missing. */

import { Rng } from '../../src/core/rng.js';
import { mean as meanOf, median as medianOf } from '../../src/core/statistics.js';

/** The arithmetic mean. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? NaN : meanOf(values);
}

/** The middle value; of an even number of values, the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  return values.length === 0 ? NaN : medianOf(values);
}

/** The q-quantile, q from 0 to 1: the value whose place among the sorted ones is nearest to q of the way. */
export function quantile(values: readonly number[], q: number): number {
  return quantileOfSorted(Float64Array.from(values).sort(), q);
}

/** The sample standard deviation, by n − 1. */
export function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/** The standard error of the mean; 0 of one value, which says nothing about it. */
export function standardError(values: readonly number[]): number {
  return values.length < 2 ? 0 : deviation(values) / Math.sqrt(values.length);
}

/** From the 2.5 % quantile to that of 97.5 %. */
export function interval95(values: readonly number[]): [low: number, high: number] {
  const sorted = Float64Array.from(values).sort();
  return [quantileOfSorted(sorted, 0.025), quantileOfSorted(sorted, 0.975)];
}

/**
 * A bootstrap: `statistic` of `count` samples, each as long as `values` and drawn from them with replacement by a generator
 * whose seed is fixed. `interval95` of the result is the percentile interval.
 */
export function resampled<T, S>(values: readonly T[], count: number, statistic: (sample: readonly T[]) => S): S[] {
  const rng = new Rng(1);
  return Array.from({ length: count }, () => statistic(values.map(() => values[rng.int(values.length)]!)));
}

function quantileOfSorted(sorted: Float64Array, q: number): number {
  return sorted[Math.round(q * (sorted.length - 1))] ?? NaN;
}
