import { describe, expect, it } from 'vitest';
import { Rng, type RngState, type Seed } from '../../../src/core/rng.js';

const draws = (seed: Seed): string => {
  const rng = new Rng(seed);
  return Array.from({ length: 8 }, () => rng.uint32()).join(' ');
};

describe('seeds', () => {
  it('below 2⁵³ give the streams that they always gave', () => {
    expect(draws(1)).toBe('3006818784 245058683 2188383520 3915605929 1730510670 525940149 1154056525 28090789');
    expect(draws(2 ** 53 - 1)).toBe(
      '846616705 766201505 1844925909 2754054612 4044492799 448943439 241506000 1198697533',
    );
  });

  it('beyond 2⁵³ give each a stream of its own, also where the two halves of one make those of another', () => {
    const beyond = [2n ** 53n, 2n ** 53n + 1n, 2n ** 53n + 2n, 2n ** 64n - 1n, 2n ** 63n];
    const folded = [(3n << 40n) + 5n, (5n << 53n) + 1n, (1n << 53n) + (5n << 32n), (5n << 53n) + (4n << 32n)];
    const seeds = [...beyond, ...folded, -1n << 60n, 1, 2 ** 53 - 1];
    expect(new Set(seeds.map(draws)).size).toBe(seeds.length);
    expect(draws(2n ** 64n - 1n)).toBe(draws(2n ** 64n - 1n));
  });
});

const take = (count: number, draw: () => number): number[] => Array.from({ length: count }, draw);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const variance = (values: readonly number[]): number => mean(values.map((value) => (value - mean(values)) ** 2));

describe('a stream', () => {
  it('goes on from its state, which is plain JSON', () => {
    const rng = new Rng(5);
    take(10, () => rng.uint32());
    const copy = Rng.fromState(JSON.parse(JSON.stringify(rng.state())) as RngState);
    expect(take(5, () => copy.uint32())).toEqual(take(5, () => rng.uint32()));
  });

  it('forks by labels into streams of their own, and is not disturbed', () => {
    const rng = new Rng(5);
    const before = rng.state();
    const firsts = [0, 1, 2, 1 << 20].map((label) => rng.fork(label).uint32());
    expect(new Set(firsts).size).toBe(4);
    expect(rng.fork(1).uint32()).toBe(firsts[1]);
    expect(rng.state()).toEqual(before);
  });

  it('draws evenly from an interval and from whole numbers', () => {
    const rng = new Rng(1);
    const floats = take(20_000, () => rng.float());
    expect(floats.every((value) => value >= 0 && value < 1)).toBe(true);
    expect(mean(floats)).toBeCloseTo(0.5, 1);
    expect(variance(floats)).toBeCloseTo(1 / 12, 2);
    const counts = [0, 0, 0];
    for (const value of take(30_000, () => rng.int(3))) counts[value]!++;
    for (const count of counts) expect(count / 10_000).toBeCloseTo(1, 1);
  });

  // The means and variances that the distributions have.
  it.each([
    ['normal', (rng: Rng) => rng.normal(), 0, 1],
    ['Gumbel', (rng: Rng) => rng.gumbel(), 0.5772, Math.PI ** 2 / 6],
    ['gamma of shape 3', (rng: Rng) => rng.gamma(3), 3, 3],
    ['gamma of shape 0.3', (rng: Rng) => rng.gamma(0.3), 0.3, 0.3],
  ])('draws from the %s distribution', (_, draw, expectedMean, expectedVariance) => {
    const rng = new Rng(3);
    const values = take(40_000, () => draw(rng));
    expect(Math.abs(mean(values) - expectedMean)).toBeLessThan(0.04);
    expect(Math.abs(variance(values) / expectedVariance - 1)).toBeLessThan(0.06);
  });

  it('draws indices by their weights, and never one that weighs nothing', () => {
    const rng = new Rng(4);
    const counts = [0, 0, 0, 0];
    for (const index of take(20_000, () => rng.weighted([1, 0, 3, 0]))) counts[index]!++;
    expect([counts[1], counts[3]]).toEqual([0, 0]);
    expect(counts[2]! / counts[0]!).toBeCloseTo(3, 0);
  });

  it('shuffles in place into every order equally often', () => {
    const rng = new Rng(6);
    const orders = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const items = [1, 2, 3];
      expect(rng.shuffle(items)).toBe(items);
      orders.set(items.join(''), (orders.get(items.join('')) ?? 0) + 1);
    }
    expect([...orders.keys()].sort()).toEqual(['123', '132', '213', '231', '312', '321']);
    for (const count of orders.values()) expect(count / 1000).toBeCloseTo(1, 0);
    expect([...rng.shuffle(new Uint8Array([1, 2, 3]))].sort()).toEqual([1, 2, 3]);
  });
});
