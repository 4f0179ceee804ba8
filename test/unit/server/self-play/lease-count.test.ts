import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Lease } from '../../../../src/proto/tengen/v1/self_play.js';
import { LeaseBook } from '../../../../src/server/self-play/lease-book.js';
import { makeSelfPlayService, type SelfPlay } from '../../../../src/server/self-play/self-play-service.js';
import { openSqliteStore } from '../../../../src/store/sqlite/sqlite-store.js';
import type { Store } from '../../../../src/store/store.js';
import { ThreadPool } from '../../../../src/threads/pool.js';
import { NumberedGames } from '../../../support/numbered-games.js';
import { playLease, servedBy, WorkClient } from '../../../support/work-client.js';

let dataDir: string;
let store: Store;
let selfPlay: SelfPlay;
let worker: WorkClient;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'tengen-leases-'));
  store = await openSqliteStore({ dataDir, now: () => 0 });
  const source = new NumberedGames();
  source.left = 1000;
  const book = await LeaseBook.open(store.leases, source, { now: () => 0, leaseMs: 1000 });
  const messages = new ThreadPool({ name: 'messages', threads: 1, waiting: 0 });
  selfPlay = makeSelfPlayService({ book, source, store, logger: pino({ level: 'silent' }), messages });
  worker = new WorkClient(servedBy(selfPlay));
});
afterEach(async () => {
  worker.abort();
  await store.close();
  rmSync(dataDir, { recursive: true });
});

async function takeLeases(count: number): Promise<Lease[]> {
  const leases: Lease[] = [];
  while (leases.length < count) leases.push(await worker.next('lease'));
  return leases;
}

const play = (games: number): void => worker.send({ $case: 'heartbeat', value: { games } });

it('leases as many games more as a heartbeat asks for, all in one write and before anything is answered', async () => {
  worker.hello(2);
  await takeLeases(2);
  const written = vi.spyOn(store.leases, 'put');
  play(600);
  await takeLeases(598);
  expect(written).toHaveBeenCalledTimes(1);
  expect(selfPlay.workers()).toMatchObject([{ games: 600, leases: 600 }]);
});

it('takes no lease away for fewer games, and grants the next when fewer are held', async () => {
  worker.hello(3);
  const leases = await takeLeases(3);
  play(1);
  for (const [i, lease] of leases.entries()) {
    expect(worker.pending('lease')).toBe(0);
    worker.submit(lease, playLease(lease));
    await worker.next('stored');
    expect(selfPlay.workers()).toMatchObject([{ games: 1 }]);
    if (i < 2) expect(selfPlay.workers()[0]!.leases).toBe(3 - i - 1);
  }
  await takeLeases(1);
  expect(worker.pending('lease')).toBe(0);
});

it('keeps the number where a heartbeat has none, and refuses one that no worker may have', async () => {
  worker.hello(2);
  await takeLeases(2);
  play(0);
  play(5000);
  expect(await worker.ended()).toMatchObject({ message: 'games is 5000; it must be from 1 to 4096' });
  expect(selfPlay.workers()).toEqual([]);
});
