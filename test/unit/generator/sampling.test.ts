import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/rng.js';
import { checkSampling, sample } from '../../../src/generator/sampling.js';

const probabilities = [0.5, 0.3, 0.15, 0.05];
const logits = Float32Array.from(probabilities, (p) => Math.log(p) + 3);

function shares(temperature: number, topP: number, draws = 20_000): number[] {
  const rng = new Rng(5);
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < draws; i++) counts[sample(logits, { temperature, topP }, rng).token]!++;
  return counts.map((count) => count / draws);
}

describe('a token', () => {
  it('is the likeliest at temperature 0, with its probability', () => {
    const { token, logProbability } = sample(logits, { temperature: 0, topP: 1 }, new Rng(1));
    expect(token).toBe(0);
    expect(logProbability).toBeCloseTo(Math.log(0.5), 6);
  });

  it('is drawn by its probability, sharper the lower the temperature', () => {
    shares(1, 1).forEach((share, i) => expect(share).toBeCloseTo(probabilities[i]!, 1));
    const squares = probabilities.map((p) => p * p);
    const total = squares.reduce((a, b) => a + b, 0);
    shares(0.5, 1).forEach((share, i) => expect(share).toBeCloseTo(squares[i]! / total, 1));
  });

  it('is one of the fewest that make up the share', () => {
    expect(shares(1, 0.5)).toEqual([1, 0, 0, 0]);
    const [first, second, ...others] = shares(1, 0.75);
    expect(others).toEqual([0, 0]);
    expect(first! / second!).toBeCloseTo(5 / 3, 1);
  });
});

describe('settings of sampling', () => {
  it.each([
    [{ temperature: -1, topP: 1 }, 'temperature is -1; it must be from 0 to 10'],
    [{ temperature: NaN, topP: 1 }, 'temperature is NaN; it must be from 0 to 10'],
    [{ temperature: 1, topP: 0 }, 'top_p is 0; it must be above 0 and at most 1'],
    [{ temperature: 1, topP: 1.5 }, 'top_p is 1.5; it must be above 0 and at most 1'],
  ])('%j are refused', (settings, message) => expect(() => checkSampling(settings)).toThrow(message));
});
