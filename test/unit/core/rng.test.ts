import { describe, expect, it } from 'vitest';
import { Rng, type Seed } from '../../../src/core/rng.js';

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
