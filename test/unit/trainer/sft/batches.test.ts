import { describe, expect, test } from 'vitest';

import { Batches } from '../../../../src/trainer/sft/batches.js';

const samples = [3, 5, 8, 9, 12, 20, 21];
const lengths = Array.from({ length: 30 }, (_, i) => (i * 7) % 30);
const batchesOf = (policy: 'skrull' | 'sorted', seed = 1): Batches =>
  new Batches(samples, lengths, { size: 2, seed, policy });
const all = (batches: Batches, from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => batches.batch(from + i)).flat();

describe('the batches of a job', () => {
  test('see every sample once in an epoch, and a batch may span two', () => {
    const seen = all(batchesOf('skrull'), 0, 7);
    expect(seen.slice(0, 7).sort((a, b) => a - b)).toEqual(samples);
    expect(seen.slice(7).sort((a, b) => a - b)).toEqual(samples);
    expect(seen.slice(7)).not.toEqual(seen.slice(0, 7));
  });

  test('are a function of the step alone', () => {
    const forwards = batchesOf('skrull');
    const later = all(forwards, 0, 12).slice(10);
    expect(batchesOf('skrull').batch(5)).toEqual(later.slice(0, 2));
    expect(batchesOf('skrull', 2).batch(5)).not.toEqual(later.slice(0, 2));
  });

  test('of the policy sorted are of neighbours by length', () => {
    const batches = batchesOf('sorted');
    const order = samples.toSorted((a, b) => lengths[a]! - lengths[b]!);
    for (let step = 0; step < 3; step++) {
      const [a, b] = batches.batch(step);
      expect(Math.abs(order.indexOf(a!) - order.indexOf(b!))).toBe(1);
    }
  });

  test('count steps up', () => {
    expect(batchesOf('skrull').stepsIn(1)).toBe(4);
    expect(batchesOf('skrull').stepsIn(2)).toBe(7);
    expect(batchesOf('skrull').stepsIn(0.1)).toBe(1);
  });
});
