import { expect, it } from 'vitest';
import { mean } from '../../../src/core/mean.js';

it('is the arithmetic mean, and 0 of no values', () => {
  expect(mean([1, 2, 6])).toBe(3);
  expect(mean([])).toBe(0);
});
