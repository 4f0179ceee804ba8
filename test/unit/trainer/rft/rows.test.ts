import { describe, expect, it } from 'vitest';
import { rectanglesOf, type WeightedGroup } from '../../../../src/trainer/rft/rows.js';

function group(prompt: readonly number[], lengths: readonly number[]): WeightedGroup {
  return {
    prompt,
    completions: lengths.map((length, i) => ({
      tokens: Array.from({ length }, (_, t) => 100 * (i + 1) + t),
      logProbabilities: Array.from({ length }, (_, t) => -(i + t / 10)),
      advantage: i - 1,
      weight: 1 / length,
    })),
  };
}

describe('rectanglesOf', () => {
  it('puts the completions of a group behind their prompt, each behind a copy of its last token', () => {
    const [only] = rectanglesOf([group([1, 2, 3], [2, 3])]);
    expect(only!.shape).toEqual({ rows: 1, length: 16 });
    const column = (name: string): number[] => [...(only!.inputs[name]!.data as Float32Array)].slice(0, 8);
    expect([...(only!.inputs['tokens']!.data as BigInt64Array)].slice(0, 8).map(Number)).toEqual([
      ...[1, 2, 3, 100, 3, 200, 201, 0],
    ]);
    expect(column('positions')).toEqual([0, 1, 2, 3, 2, 3, 4, 0]);
    expect(column('segments')).toEqual([0, 0, 1, 1, 2, 2, 2, -1]);
    expect(column('targets')).toEqual([0, 0, 100, 101, 200, 201, 202, 0]);
    expect(column('counted')).toEqual([0, 0, 1, 1, 1, 1, 1, 0]);
    expect(column('advantages')).toEqual([0, 0, -1, -1, 0, 0, 0, 0]);
    expect(column('oldLogProbabilities').map((x) => Math.round(x * 10) + 0)).toEqual([0, 0, 0, -1, -10, -11, -12, 0]);
  });

  it('keeps every token once, in rectangles of few shapes whose rows are a power of two', () => {
    const groups = Array.from({ length: 13 }, (_, i) => group([7, 8, 9, i], [3, 5 + i, 20, 1, 9, 30, 2, 4]));
    const rectangles = rectanglesOf(groups);
    const counted = rectangles.flatMap(({ inputs }) => [...(inputs['counted']!.data as Float32Array)]);
    const tokens = groups.flatMap(({ completions }) => completions.flatMap((one) => one.tokens));
    expect(counted.reduce((sum, one) => sum + one, 0)).toBe(tokens.length);
    for (const { shape } of rectangles) {
      expect(Number.isInteger(Math.log2(shape.rows))).toBe(true);
      expect(shape.length % 16).toBe(0);
    }
  });

  it('gives a pair that is longer than a row one of its own', () => {
    const rectangles = rectanglesOf([group([1, 2], [300, 4])]);
    expect(rectangles.map(({ shape }) => shape)).toEqual([
      { rows: 1, length: 304 },
      { rows: 1, length: 16 },
    ]);
  });
});
