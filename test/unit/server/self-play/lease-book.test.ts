import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LeaseBook } from '../../../../src/server/self-play/lease-book.js';
import { openSqliteStore } from '../../../../src/store/sqlite/sqlite-store.js';
import type { Store } from '../../../../src/store/store.js';
import { NumberedGames } from '../../../support/numbered-games.js';

let dataDir: string;
let store: Store;
let source: NumberedGames;
let nowMs = 0;

const openBook = (): Promise<LeaseBook> => LeaseBook.open(store.leases, source, { now: () => nowMs, leaseMs: 1000 });
const ids = (games: readonly { work: { gameId: string } }[]): string[] => games.map(({ work }) => work.gameId);

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'tengen-leases-'));
  store = await openSqliteStore({ dataDir, now: () => nowMs });
  source = new NumberedGames();
  nowMs = 0;
});
afterEach(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true });
});

it('grants new games, and fewer when there are no more', async () => {
  source.left = 3;
  const book = await openBook();
  expect(ids(await book.grant('a', 2))).toEqual(['g0', 'g1']);
  expect(ids(await book.grant('b', 2))).toEqual(['g2']);
  expect(await book.grant('b', 2)).toEqual([]);
});

it('grants a game again, with its seed, once its worker fell silent for the time of a lease', async () => {
  const book = await openBook();
  const [first] = await book.grant('a', 1);
  await book.grant('b', 1);
  nowMs = 600;
  book.heartbeat('b');
  nowMs = 999;
  expect(book.hasFree).toBe(false);
  nowMs = 1000;
  expect(book.hasFree).toBe(true);
  const [again, next] = await book.grant('c', 2);
  expect(again).toMatchObject({ work: first!.work, worker: 'c', expiresAtMs: 2000 });
  expect(again!.leaseId).not.toBe(first!.leaseId);
  expect(next!.work.gameId).toBe('g2');
});

it('grants what is given back at once, by name or all of a worker, and never what is another’s', async () => {
  const book = await openBook();
  const [one, , three] = await book.grant('a', 3);
  await book.grant('b', 1);
  await book.giveBack('b', [one!.leaseId]);
  expect(book.hasFree).toBe(false);
  await book.giveBack('a', [three!.leaseId]);
  expect(ids(await book.grant('c', 1))).toEqual(['g2']);
  await book.giveBack('a', []);
  expect(ids(await book.grant('c', 3))).toEqual(['g0', 'g1', 'g4']);
});

it('frees a refused game only if the lease still holds it', async () => {
  const book = await openBook();
  const [old] = await book.grant('a', 1);
  nowMs = 1000;
  const [lease] = await book.grant('b', 1);
  await book.refuse('g0', old!.leaseId);
  expect(book.hasFree).toBe(false);
  await book.refuse('g0', lease!.leaseId);
  expect(ids(await book.grant('c', 1))).toEqual(['g0']);
});

it('moves the leases that a worker takes along to its new stream', async () => {
  const book = await openBook();
  const [one, two] = await book.grant('a/1', 2);
  nowMs = 900;
  book.adopt('a/2', [one!.leaseId, 'unheard']);
  nowMs = 1500;
  expect(ids(await book.grant('b', 2))).toEqual([two!.work.gameId, 'g2']);
});

it('knows its games after a restart and gives every worker a whole lease’s time', async () => {
  const book = await openBook();
  const [lease] = await book.grant('a', 2);
  await book.giveBack('a', [lease!.leaseId]);
  nowMs = 50_000;
  const reopened = await openBook();
  expect(reopened.find('g1')).toMatchObject({ worker: 'a', expiresAtMs: 51_000 });
  expect(ids(await reopened.grant('b', 2))).toEqual(['g0', 'g2']);
});

it('hands out no free game of a job that does not run', async () => {
  const book = await openBook();
  await book.grant('a', 1);
  await book.giveBack('a', []);
  source.running = false;
  source.left = 0;
  expect(book.hasFree).toBe(false);
  expect(await book.grant('b', 1)).toEqual([]);
  source.running = true;
  expect(ids(await book.grant('b', 1))).toEqual(['g0']);
});

it('forgets a stored game, also when it is given back afterwards', async () => {
  const book = await openBook();
  const [lease] = await book.grant('a', 1);
  book.stored('g0');
  await book.giveBack('a', []);
  await book.refuse('g0', lease!.leaseId);
  expect([book.size, book.find('g0'), book.hasFree]).toEqual([0, undefined, false]);
});

it('keeps no game of a job that is done, but takes those still being played', async () => {
  const book = await openBook();
  const [, played] = await book.grant('a', 2);
  await book.giveBack('a', ['unheard']);
  await book.refuse('g0', book.find('g0')!.leaseId);
  source.endJob('j');
  expect(await store.leases.all()).toEqual([]);
  expect(book.find('g0')).toBeUndefined();
  expect(book.find('g1')).toEqual(played);
  await book.giveBack('a', []);
  expect(await store.leases.all()).toEqual([]);
  expect(book.size).toBe(0);
});

it('drops the games of jobs that are done when it is opened', async () => {
  await (await openBook()).grant('a', 2);
  source.done = true;
  expect((await openBook()).size).toBe(0);
  expect(await store.leases.all()).toEqual([]);
});

it('frees games again whose grant could not be made durable', async () => {
  const book = await openBook();
  await store.close();
  await expect(book.grant('a', 2)).rejects.toMatchObject({ kind: 'unavailable' });
  expect(book.hasFree).toBe(true);
  store = await openSqliteStore({ dataDir, now: () => nowMs });
});
