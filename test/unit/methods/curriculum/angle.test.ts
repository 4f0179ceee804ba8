import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src/core/rng.js';
import {
  angleOf,
  concentration,
  meanUnitVector,
  residualConcentrations,
} from '../../../../src/methods/curriculum/angle.js';

const WIDTH = 6;

function states(rows: number, rng: Rng): Float32Array {
  return Float32Array.from({ length: rows * WIDTH }, () => rng.normal() + 0.3);
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array): number => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

function rowsOf(hidden: Float32Array): Float32Array[] {
  return Array.from({ length: hidden.length / WIDTH }, (_, i) => hidden.subarray(i * WIDTH, (i + 1) * WIDTH));
}

function meanCosine(a: Float32Array, b: Float32Array, keeps: (i: number, j: number) => boolean = () => true): number {
  const cosines = rowsOf(a).flatMap((x, i) => rowsOf(b).flatMap((y, j) => (keeps(i, j) ? [cosine(x, y)] : [])));
  return cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
}

describe('angle concentration', () => {
  it('is the mean of all pairs of cosines, for which it needs only mean unit vectors', () => {
    const rng = new Rng(3);
    for (const [prefixRows, rows] of [
      [7, 2],
      [1, 9],
      [4, 30],
    ] as const) {
      const [prefix, question] = [states(prefixRows, rng), states(rows, rng)];
      const score = angleOf(meanUnitVector(prefix, WIDTH), meanUnitVector(question, WIDTH), rows);
      expect(score.intra).toBeCloseTo(meanCosine(question, question), 6);
      expect(score.inter).toBeCloseTo(meanCosine(question, prefix), 6);
      expect(score.debiasedIntra).toBeCloseTo(
        meanCosine(question, question, (i, j) => i !== j),
        6,
      );
      expect(concentration(score)).toBe(score.intra + score.inter);
    }
  });

  it('is 1 for equal states and 1/q for orthogonal ones, where the debiased one is 0', () => {
    const equal = Float32Array.from({ length: 5 * WIDTH }, (_, i) => (i % WIDTH) + 1);
    const unit = new Float32Array(4 * WIDTH).map((_, i) => (i % WIDTH === Math.floor(i / WIDTH) ? 2 : 0));
    const none = meanUnitVector(new Float32Array(0), WIDTH);
    expect(angleOf(none, meanUnitVector(equal, WIDTH), 5)).toMatchObject({ inter: 0, length: 5 });
    expect(angleOf(none, meanUnitVector(equal, WIDTH), 5).intra).toBeCloseTo(1, 6);
    expect(angleOf(none, meanUnitVector(unit, WIDTH), 4).intra).toBeCloseTo(1 / 4, 6);
    expect(angleOf(none, meanUnitVector(unit, WIDTH), 4).debiasedIntra).toBeCloseTo(0, 6);
    expect(angleOf(none, meanUnitVector(unit.subarray(0, WIDTH), WIDTH), 1).debiasedIntra).toBe(0);
  });

  it('takes zeros for a state without direction, and refuses vectors that do not fit', () => {
    expect([...meanUnitVector(new Float32Array(2 * WIDTH), WIDTH)]).toEqual(new Array(WIDTH).fill(0));
    expect(() => angleOf([1, 0], [1, 0, 0], 3)).toThrow(
      'The prefix has width 2 and the question 3; they must be equal',
    );
    expect(() => angleOf([1], [1], 0)).toThrow('A question has 0 tokens; it must have at least 1');
  });

  it('has nothing left of what length explains once it is residual', () => {
    const rng = new Rng(5);
    const own = Array.from({ length: 200 }, () => 0.01 * rng.normal());
    const scores = own.map((extra, i) => {
      const length = 3 + (i % 20);
      return { intra: 0, inter: 0.1, debiasedIntra: 0.7 - 0.03 * length + 0.001 * length ** 2 + extra, length };
    });
    const residuals = residualConcentrations(scores);
    for (const power of [0, 1, 2]) {
      expect(residuals.reduce((sum, value, i) => sum + value * scores[i]!.length ** power, 0)).toBeCloseTo(0, 8);
    }
    // What length does not explain stays.
    const covariance = residuals.reduce((sum, value, i) => sum + value * own[i]!, 0);
    const variance = own.reduce((sum, value) => sum + value ** 2, 0);
    expect(covariance / variance).toBeGreaterThan(0.95);
    const oneLength = scores.map((score) => ({ ...score, length: 4 }));
    expect(residualConcentrations(oneLength).every(Number.isFinite)).toBe(true);
  });
});
