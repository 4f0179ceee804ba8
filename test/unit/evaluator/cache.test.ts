import { describe, expect, it } from 'vitest';
import { EvaluationCache, hashPacked } from '../../../src/evaluator/cache.js';
import type { GoEvaluation } from '../../../src/go/evaluation.js';

const size = 3;

function keyOf(position: number, model = 1): Uint32Array {
  const key = new Uint32Array(3);
  hashPacked(Int32Array.of(7, position, 9), 0, 3, model, key, 0);
  return key;
}

function evaluation(mark: number, ownership = false): GoEvaluation {
  const base = { win: 0.5, draw: 0.25, loss: 0.25, value: 0.25, score: mark };
  const logits = new Float32Array(10).fill(mark);
  return ownership ? { ...base, logits, ownership: new Float32Array(9).fill(-mark) } : { ...base, logits };
}

describe('the evaluation cache', () => {
  it('gives back what was put under the same position and model only', () => {
    const cache = new EvaluationCache(size, 1 << 16);
    cache.put(keyOf(1), 0, evaluation(3));
    expect(cache.find(keyOf(1), 0, false)).toEqual(evaluation(3));
    expect(cache.find(keyOf(2), 0, false)).toBeUndefined();
    expect(cache.find(keyOf(1, 2), 0, false)).toBeUndefined();
  });

  it('does not answer with an evaluation that lacks the ownership asked for, and never loses one that has it', () => {
    const cache = new EvaluationCache(size, 1 << 16);
    cache.put(keyOf(1), 0, evaluation(3));
    expect(cache.find(keyOf(1), 0, true)).toBeUndefined();
    cache.put(keyOf(1), 0, evaluation(3, true));
    cache.put(keyOf(1), 0, evaluation(3));
    expect(cache.find(keyOf(1), 0, true)).toEqual(evaluation(3, true));
    expect(cache.find(keyOf(1), 0, false)).toEqual(evaluation(3));
  });

  it('hands out copies', () => {
    const cache = new EvaluationCache(size, 1 << 16);
    const mine = evaluation(3);
    cache.put(keyOf(1), 0, mine);
    mine.logits.fill(9);
    cache.find(keyOf(1), 0, false)!.logits.fill(8);
    expect(cache.find(keyOf(1), 0, false)).toEqual(evaluation(3));
  });

  it('stays within its memory, and what is used survives what is not', () => {
    const cache = new EvaluationCache(size, 4096);
    expect(cache.entries * (23 + 4) * 4).toBeLessThanOrEqual(4096);
    for (let position = 0; position < 2000; position++) {
      cache.put(keyOf(position), 0, evaluation(position));
      expect(cache.find(keyOf(0), 0, false)).toEqual(evaluation(0));
    }
    let kept = 0;
    for (let position = 0; position < 2000; position++) {
      const found = cache.find(keyOf(position), 0, false);
      if (found) expect(found).toEqual(evaluation(position));
      if (found) kept++;
    }
    expect(kept).toBeLessThanOrEqual(cache.entries);
    expect(kept).toBeGreaterThan(cache.entries / 2);
  });

  it('knows a position wherever it lies in a request', () => {
    const [here, there] = [new Uint32Array(3), new Uint32Array(3)];
    hashPacked(Int32Array.of(5, 6, 1, 2), 0, 2, 1, here, 0);
    hashPacked(Int32Array.of(1, 2, 5, 6), 2, 2, 1, there, 0);
    expect(there).toEqual(here);
  });

  it('has different keys for two hundred thousand positions that differ in a few bits', () => {
    const seen = new Set<number>();
    const words = new Int32Array(6);
    const key = new Uint32Array(3);
    for (let i = 0; i < 200_000; i++) {
      words[2] = i & 0xff;
      words[4] = i >>> 8;
      hashPacked(words, 0, 6, 1, key, 0);
      seen.add(key[0]! * 2 ** 21 + (key[1]! >>> 11));
    }
    expect(seen.size).toBe(200_000);
  });
});
