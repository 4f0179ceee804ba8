import { describe, expect, it } from 'vitest';
import { widenedPriors } from '../../../src/search/root-priors.js';

const priors = Float32Array.of(0.64, 0.32, -1, 0.04, 0);
const plain = { wideRootNoise: 0, rootPolicyTemperature: 1 };
const near = (values: Float32Array): number[] => Array.from(values, (value) => Number(value.toFixed(4)));

describe('widened priors', () => {
  it('are a copy of the priors where nothing is asked for', () => {
    const copy = widenedPriors(priors, plain);
    expect(copy).toEqual(priors);
    expect(copy).not.toBe(priors);
  });

  it('are raised to 1 / T and add up to 1', () => {
    const roots = [0.8, Math.sqrt(0.32), 0.2];
    const sum = roots.reduce((a, b) => a + b);
    const [a, b, c] = roots.map((root) => Number((root / sum).toFixed(4)));
    expect(near(widenedPriors(priors, { ...plain, rootPolicyTemperature: 2 }))).toEqual([a, b, -1, c, 0]);
  });

  it('are raised to 1 / (4 w + 1) by wide noise, and what may not be played stays so', () => {
    expect(near(widenedPriors(priors, { ...plain, wideRootNoise: 0.25 }))).toEqual([0.8, 0.5657, -1, 0.2, 0]);
  });
});
