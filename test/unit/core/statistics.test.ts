import { expect, it } from 'vitest';
import { deviation, mean, median, sum } from '../../../src/core/statistics.js';

it.each([
  ['mean', mean, 3],
  ['median', median, 2],
  ['deviation', deviation, Math.sqrt(14 / 3)],
  ['sum', sum, 9],
])('%s of an array and of a typed array; 0 of no values', (_, of, expected) => {
  expect(of([6, 1, 2])).toBeCloseTo(expected, 12);
  expect(of(Float32Array.of(6, 1, 2))).toBeCloseTo(expected, 12);
  expect(of([])).toBe(0);
});

it('the median of an even number of values is the mean of the two middle ones, sorted as numbers', () => {
  expect(median([10, 9, 1, 100])).toBe(9.5);
});
