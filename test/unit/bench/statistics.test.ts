import { expect, it } from 'vitest';
import {
  deviation,
  interval95,
  mean,
  median,
  quantile,
  resampled,
  standardError,
} from '../../../bench/shared/statistics.js';

it('gives the middle value, or the mean of the two in the middle', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

it('gives the value at a share of the way from the least to the greatest', () => {
  const values = [50, 10, 40, 20, 30];
  expect([0, 0.24, 0.3, 0.5, 0.99, 1].map((q) => quantile(values, q))).toEqual([10, 20, 20, 30, 50, 50]);
  expect(values[0]).toBe(50);
});

it('gives the deviation of a sample and the error of its mean', () => {
  expect(deviation([1, 2, 3, 4])).toBeCloseTo(Math.sqrt(5 / 3), 12);
  expect(standardError([1, 2, 3, 4])).toBeCloseTo(Math.sqrt(5 / 12), 12);
  expect(standardError([7])).toBe(0);
});

it('draws the same samples again, from which the interval of a mean follows', () => {
  const values = Array.from({ length: 100 }, (_, i) => i);
  const means = resampled(values, 2000, mean);
  expect(resampled(values, 2000, mean)).toEqual(means);
  const [low, high] = interval95(means);
  const radius = 1.96 * standardError(values);
  expect(Math.abs(low - (49.5 - radius))).toBeLessThan(0.5);
  expect(Math.abs(high - (49.5 + radius))).toBeLessThan(0.5);
});

it('of no values is NaN', () => {
  expect([mean([]), median([]), quantile([], 0.5), ...interval95([])]).toEqual([NaN, NaN, NaN, NaN, NaN]);
});
