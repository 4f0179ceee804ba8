import { describe, expect, it } from 'vitest';
import { scoreFactors, ScoreUtility } from '../../../src/go/score-utility.js';
import { smoothedArctangent } from '../../../src/go/smoothed-arctangent.js';

const atan = (x: number): number => (2 / Math.PI) * Math.atan(x);

/** The same mean by brute force. */
function integrate(mean: number, stdev: number): number {
  let [sum, weights] = [0, 0];
  for (let z = -8; z <= 8; z += 0.001) {
    const weight = Math.exp(-0.5 * z * z);
    sum += weight * atan(mean + stdev * z);
    weights += weight;
  }
  return sum / weights;
}

describe('the mean of an arctangent', () => {
  it.each([
    [0, 0],
    [0.3, 0],
    [-2.2, 0],
    [40, 0],
    [0.7, 0.5],
    [-0.7, 1.3],
    [3, 6],
    [12, 9],
    [0.01, 30],
  ])('is right for mean %f and deviation %f', (mean, stdev) => {
    const exact = stdev === 0 ? atan(mean) : integrate(mean, stdev);
    expect(Math.abs(smoothedArctangent(mean, stdev) - exact)).toBeLessThan(0.003);
  });

  it('stays within its range however far the mean', () => {
    expect(smoothedArctangent(1e9, 1)).toBeCloseTo(1, 6);
    expect(smoothedArctangent(-1e9, 1e9)).toBeGreaterThanOrEqual(-1);
  });
});

describe('score utility', () => {
  const size = 9;
  /** Second moment and score. */
  const node = (score: number, stdev = 0): number[] => [stdev * stdev + score * score, score];

  it('adds both terms to the value, as the formula says', () => {
    const utility = new ScoreUtility(size, scoreFactors);
    utility.begin(node(5, 10), 1);
    // The centre is 5 − 0.2 · 5 = 4.
    const expected = 0.5 + 0.1 * atan(8 / 18) + 0.3 * atan(4 / 6.75);
    expect(utility.of(0.5, node(8), 0, 1)).toBeCloseTo(expected, 3);
    // The other player sees the same position from the other side.
    expect(utility.of(-0.5, node(-8), 0, -1)).toBeCloseTo(-expected, 3);
    expect(utility.range).toBeCloseTo(1.4);
  });

  it('draws the centre towards zero by no more than the width of the curve', () => {
    const utility = new ScoreUtility(size, { staticScore: 0, dynamicScore: 1 });
    utility.begin(node(60, 1), -1);
    expect(utility.of(0, node(60 - 6.75), 0, -1)).toBeCloseTo(0, 6);
    expect(utility.of(0, node(-60 + 6.75), 0, 1)).toBeCloseTo(0, 6);
  });

  it('counts an uncertain lead for less than a certain one', () => {
    const utility = new ScoreUtility(size, scoreFactors);
    utility.begin(node(0, 1), 1);
    expect(utility.of(0, node(10, 20), 0, 1)).toBeLessThan(utility.of(0, node(10, 2), 0, 1));
  });

  it('is the value where the network does not know the deviation', () => {
    const utility = new ScoreUtility(size, scoreFactors);
    utility.begin([NaN, 4], 1);
    expect(utility.of(0.25, [16, 4], 0, 1)).toBe(0.25);
  });
});
