import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src/core/rng.js';
import { ReplayMemory } from '../../../../src/trainer/go-data/replay-memory.js';
import { stepsDue, windowSize } from '../../../../src/trainer/go-data/replay-window.js';

describe('the replay window', () => {
  const growth = { min: 1000, exponent: 0.75, scale: 0.4 };

  it('keeps everything up to its least size', () => {
    expect(windowSize(0, growth)).toBe(0);
    expect(windowSize(999, growth)).toBe(999);
    expect(windowSize(1000, growth)).toBe(1000);
  });

  it('then follows c·(1 + β·((N/c)^α − 1)/α)', () => {
    // 16^0.75 = 8, so the window is 1000 · (1 + 0.4 · 7 / 0.75).
    expect(windowSize(16_000, growth)).toBe(Math.floor(1000 * (1 + (0.4 * 7) / 0.75)));
    expect(windowSize(16_000, { ...growth, exponent: 0 })).toBe(Math.floor(1000 * (1 + 0.4 * Math.log(16))));
    expect(windowSize(16_000, { ...growth, exponent: 1, scale: 1 })).toBe(16_000);
  });

  it('never lets an old position back in', () => {
    let first = 0;
    for (let total = 0; total < 50_000; total += 37) {
      const next = total - windowSize(total, growth);
      expect(next).toBeGreaterThanOrEqual(first);
      first = next;
    }
  });

  it('lets the steps follow the positions by the sample factor', () => {
    const pace = { batchSize: 128, sampleFactor: 4, startPositions: 1000 };
    expect(stepsDue(999, pace)).toBe(0);
    expect(stepsDue(1000, pace)).toBe(31);
    expect(stepsDue(1024, pace)).toBe(32);
    expect(stepsDue(12_800, pace)).toBe(400);
  });
});

describe('the replay memory', () => {
  const game = (sequence: number, rows: number): { sequence: number; rows: number } => ({ sequence, rows });

  it('draws every position of the window equally often and none outside it', () => {
    const memory = new ReplayMemory();
    memory.add(game(1, 30));
    memory.add(game(2, 5));
    memory.add(game(3, 15));
    const rng = new Rng(1);
    const counts = new Map<string, number>();
    for (let i = 0; i < 25_000; i++) {
      const { game: drawn, row } = memory.sample(25, rng);
      const key = `${drawn.sequence} ${row}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const wanted = [
      ...Array.from({ length: 5 }, (_, i) => `1 ${25 + i}`),
      ...Array.from({ length: 5 }, (_, i) => `2 ${i}`),
      ...Array.from({ length: 15 }, (_, i) => `3 ${i}`),
    ];
    expect([...counts.keys()].sort()).toEqual(wanted.sort());
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(160);
  });

  it('drops whole games that have left the window and keeps the numbers of the others', () => {
    const memory = new ReplayMemory();
    for (let sequence = 1; sequence <= 100; sequence++) {
      memory.add(game(sequence, 10));
      memory.trim(25);
      expect(memory.total).toBe(10 * sequence);
    }
    // The window is positions 975 … 999; game 98 holds 970 … 979.
    expect(memory.oldest).toEqual({ sequence: 98, row: 970 });
  });

  it('ignores games without training positions', () => {
    const memory = new ReplayMemory();
    memory.add(game(1, 0));
    expect(memory.oldest).toBeUndefined();
    expect(() => memory.sample(1, new Rng(1))).toThrow('empty');
  });

  it('draws the same after it was filled again from its oldest game', () => {
    const lengths = new Rng(3);
    const games = Array.from({ length: 60 }, (_, i) => game(i + 1, 1 + lengths.int(20)));
    const memory = new ReplayMemory();
    for (const each of games) {
      memory.add(each);
      memory.trim(100);
    }
    const { sequence, row } = memory.oldest!;
    const refilled = new ReplayMemory(row);
    for (const each of games.slice(sequence - 1)) refilled.add(each);
    const a = new Rng(9);
    const b = new Rng(9);
    for (let i = 0; i < 200; i++) expect(refilled.sample(100, a)).toEqual(memory.sample(100, b));
  });
});
