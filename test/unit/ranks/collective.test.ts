import { Worker } from 'node:worker_threads';

import { afterEach, describe, expect, test } from 'vitest';

import { shareOf } from '../../../src/ranks/collective.js';
import {
  cancelRankGroup,
  failRankGroup,
  type RankGroupMemory,
  makeRankGroupMemory,
} from '../../../src/ranks/shared-memory.js';

interface Answer {
  readonly gathered?: number[][];
  readonly owned?: number[][];
  readonly sums?: number[][];
  readonly failure?: string;
  readonly message?: string;
}

const workers: Worker[] = [];
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

function start(memory: RankGroupMemory, rank: number, settings: object): { worker: Worker; answer: Promise<Answer> } {
  const url = new URL('../../support/exchanging-thread.mjs', import.meta.url);
  const worker = new Worker(url, { workerData: { memory, rank, ...settings } });
  workers.push(worker);
  const answer = new Promise<Answer>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return { worker, answer };
}

async function exchange(size: number, rounds: number): Promise<Answer[]> {
  const memory = makeRankGroupMemory(size, 4);
  return Promise.all(Array.from({ length: size }, (_, rank) => start(memory, rank, { rounds }).answer));
}

describe('a group of threads', () => {
  test('gathers parts of different lengths in order of rank', async () => {
    const [first, ...others] = await exchange(3, 3);
    expect(first?.gathered).toEqual([
      [100, 200, 201],
      [10, 110, 111],
      [20, 21, 220],
    ]);
    for (const other of others) expect(other.gathered).toEqual(first?.gathered);
  });

  test('gives each member the sum of what is meant for it', async () => {
    const answers = await exchange(3, 1);
    expect(answers.map(({ owned }) => owned)).toEqual([[[]], [[0 + 1 + (1 + 1) + (2 + 1)]], [[9, 9]]]);
  });

  test('sums in order of rank, the same bits in every member and every time', async () => {
    const values = (rank: number, i: number): number =>
      Math.fround((rank + 1) * 1e-3 + 3 ** i * (rank % 2 === 0 ? 1 : -1));
    const expected = Array.from({ length: 7 }, (_, i) =>
      [0, 1, 2].reduce((sum, rank) => Math.fround(sum + values(rank, i)), 0),
    );
    for (let time = 0; time < 2; time++) {
      for (const { sums } of await exchange(3, 20)) {
        for (const sum of sums ?? []) expect(sum).toEqual(expected);
        expect(sums).toHaveLength(20);
      }
    }
  });

  test('of one member exchanges with itself', async () => {
    const [only] = await exchange(1, 2);
    expect(only?.gathered).toEqual([[], [10]]);
  });

  test('fails when a member is gone, and says which', async () => {
    const memory = makeRankGroupMemory(2, 4);
    const survivor = start(memory, 0, { rounds: 5 });
    const { worker, answer } = start(memory, 1, { rounds: 5, dieAt: 2 });
    expect((await answer).message).toBe('died');
    await worker.terminate();
    failRankGroup(memory, 1);
    expect(await survivor.answer).toEqual({ failure: 'unavailable', message: 'Rank 1 of the group of 2 is gone' });
  });

  test('can be cancelled while a member waits', async () => {
    const memory = makeRankGroupMemory(2, 4);
    const waiting = start(memory, 0, { rounds: 5 });
    start(memory, 1, { rounds: 5, silentAt: 3 });
    cancelRankGroup(memory);
    expect((await waiting.answer).failure).toBe('cancelled');
  });
});

test('shares cover everything once', () => {
  const shares = [0, 1, 2].map((rank) => shareOf(10, 3, rank));
  expect(shares).toEqual([
    { start: 0, end: 3 },
    { start: 3, end: 6 },
    { start: 6, end: 10 },
  ]);
});
