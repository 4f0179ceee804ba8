import { expect, it } from 'vitest';
import { GameNumbers } from '../../../../src/trainer/alphazero/game-numbers.js';

it('gives no number before the block with it is saved, and none twice whenever the process dies', async () => {
  const before = new GameNumbers('job', 1);
  expect(before.hasNext).toBe(false);
  let kept = 0;
  await expect(before.promise(() => Promise.reject(new Error('the disk is full')))).rejects.toThrow('full');
  expect(before.hasNext).toBe(false);
  await before.promise((end) => Promise.resolve(void (kept = end)));
  const given = [before.next(), before.next()];
  expect(given.map(({ gameId }) => gameId)).toEqual(['job-0', 'job-1']);
  const after = new GameNumbers('job', 1);
  after.resume(kept);
  expect(after.hasNext).toBe(false);
  await after.promise((end) => Promise.resolve(void (kept = end)));
  expect(after.next().gameId).toBe('job-1000000');
});

it('gives each number its own seed, whichever process gives it', () => {
  const [one, other] = [new GameNumbers('a', 7), new GameNumbers('b', 7)];
  const seeds = Array.from({ length: 100 }, () => one.next().seed);
  expect(new Set(seeds).size).toBe(100);
  other.resume(50);
  expect(other.next().seed).toBe(seeds[50]);
});
