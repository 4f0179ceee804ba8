import { describe, expect, it } from 'vitest';
import { EvaluationCache, hashPacked } from '../../../src/evaluator/cache.js';
import { evaluationBytes } from '../../../src/go/packed-evaluation.js';

const size = 3;

function keyOf(position: number, model = 1): Uint32Array {
  const key = new Uint32Array(3);
  hashPacked(Int32Array.of(7, position, 9), 0, 3, model, key, 0);
  return key;
}

/** A packed evaluation, with ownership or without, as words. */
function evaluation(mark: number, ownership = false): Int32Array {
  return new Int32Array(evaluationBytes(size, ownership) / 4).fill(mark);
}

function put(cache: EvaluationCache, position: number, mark: number, ownership = false): void {
  cache.put(keyOf(position), 0, ownership, evaluation(mark, ownership), 0);
}

function found(cache: EvaluationCache, key: Uint32Array, ownership = false): Int32Array | undefined {
  const out = evaluation(0, ownership);
  return cache.find(key, 0, ownership, out, 0) ? out : undefined;
}

describe('the evaluation cache', () => {
  it('gives back what was put under the same position and model only', () => {
    const cache = new EvaluationCache(size, 1 << 16);
    put(cache, 1, 3);
    expect(found(cache, keyOf(1))).toEqual(evaluation(3));
    expect(found(cache, keyOf(2))).toBeUndefined();
    expect(found(cache, keyOf(1, 2))).toBeUndefined();
  });

  it('finds and keeps an evaluation anywhere among others', () => {
    const cache = new EvaluationCache(size, 1 << 16);
    const words = evaluation(0).length;
    const three = new Int32Array(3 * words);
    three.subarray(words, 2 * words).fill(5);
    cache.put(keyOf(1), 0, false, three, 1);
    const out = new Int32Array(3 * words);
    expect(cache.find(keyOf(1), 0, false, out, 2)).toBe(true);
    expect(out).toEqual(Int32Array.of(...new Array<number>(2 * words).fill(0), ...new Array<number>(words).fill(5)));
  });

  it('does not answer with an evaluation that lacks the ownership asked for, and never loses one that has it', () => {
    const cache = new EvaluationCache(size, 1 << 16);
    put(cache, 1, 3);
    expect(found(cache, keyOf(1), true)).toBeUndefined();
    put(cache, 1, 4, true);
    put(cache, 1, 5);
    expect(found(cache, keyOf(1), true)).toEqual(evaluation(4, true));
    expect(found(cache, keyOf(1))).toEqual(evaluation(4));
  });

  it('stays within its memory, and what is used survives what is not', () => {
    const cache = new EvaluationCache(size, 4096);
    expect(cache.entries * (evaluationBytes(size, true) + 16)).toBeLessThanOrEqual(4096);
    for (let position = 0; position < 2000; position++) {
      put(cache, position, position);
      expect(found(cache, keyOf(0))).toEqual(evaluation(0));
    }
    let kept = 0;
    for (let position = 0; position < 2000; position++) {
      const words = found(cache, keyOf(position));
      if (words) expect(words).toEqual(evaluation(position));
      if (words) kept++;
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
