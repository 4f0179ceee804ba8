import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { defaultRules } from '../../../../src/go/rules.js';
import { GameTree } from '../../../../src/methods/branching/game-tree.js';
import { paperSettings } from '../../../../src/methods/branching/settings.js';
import type { GameRecord, Lease } from '../../../../src/proto/tengen/v1/self_play.js';
import { LeaseBook } from '../../../../src/server/self-play/lease-book.js';
import { makeSelfPlayService, type SelfPlay } from '../../../../src/server/self-play/self-play-service.js';
import { openSqliteStore } from '../../../../src/store/sqlite/sqlite-store.js';
import type { Store } from '../../../../src/store/store.js';
import { ThreadPool } from '../../../../src/threads/pool.js';
import { decodeGameRecord } from '../../../../src/wire/game-record.js';
import { addRecord } from '../../../../src/wire/record-tree.js';
import { LeasedTree } from '../../../support/leased-tree.js';
import { NumberedGames } from '../../../support/numbered-games.js';
import { servedBy, WorkClient } from '../../../support/work-client.js';

const variations = 5;
const single = {
  size: 5,
  rules: defaultRules(5),
  visits: 8,
  gumbelActions: 4,
  temperatureMoves: 30,
  maxMoves: 30,
};
const tree = { ...single, branching: { ...paperSettings, variations, points: 'random' as const } };

let dataDir: string;
let store: Store;
let source: NumberedGames;
let book: LeaseBook;
let selfPlay: SelfPlay;
let nowMs = 0;
const workers: WorkClient[] = [];

async function open(): Promise<void> {
  store = await openSqliteStore({ dataDir, now: () => nowMs });
  book = await LeaseBook.open(store.leases, source, { now: () => nowMs, leaseMs: 1000 });
  const messages = new ThreadPool({ name: 'messages', threads: 1, waiting: 0 });
  selfPlay = makeSelfPlayService({ book, source, store, logger: pino({ level: 'silent' }), messages });
}

/** As after kill -9: the streams are gone, the store is what is on disk. */
async function reopen(): Promise<void> {
  for (const worker of workers.splice(0)) worker.abort();
  await store.close();
  await open();
}

function connect(worker: string, games = 1, leaseIds: string[] = []): WorkClient {
  const client = new WorkClient(servedBy(selfPlay));
  client.hello(games, worker, leaseIds);
  workers.push(client);
  return client;
}

/** Submits a game and waits until it is stored. */
async function submit(worker: WorkClient, lease: Lease, game: GameRecord): Promise<void> {
  worker.submit(lease, game);
  expect(await worker.next('stored')).toEqual({ gameId: game.gameId });
}

async function refusal(worker: WorkClient, lease: Lease, game: GameRecord): Promise<string> {
  worker.submit(lease, game);
  const { gameId, reason } = await worker.next('refused');
  expect(gameId).toBe(game.gameId);
  return reason;
}

const storedIds = async (treeId: string): Promise<string[]> =>
  (await store.games.tree(treeId)).map(({ gameId }) => gameId);

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'tengen-trees-'));
  source = new NumberedGames(tree);
  nowMs = 0;
  await open();
});
afterEach(async () => {
  for (const worker of workers.splice(0)) worker.abort();
  await store.close();
  rmSync(dataDir, { recursive: true });
});

it('stores and acknowledges the games of a tree one by one, under one lease, and then grants the next', async () => {
  const worker = connect('a');
  const lease = await worker.next('lease');
  expect(lease).toMatchObject({ gameId: 'g0', variations: [] });
  const play = new LeasedTree(lease);
  for (let index = 0; index < variations; index++) {
    const game = play.next();
    expect(game.gameId).toBe(index === 0 ? 'g0' : `g0.${index}`);
    expect(worker.pending('lease')).toBe(0);
    expect((await store.leases.all()).map(({ leaseId }) => leaseId)).toEqual([lease.leaseId]);
    await submit(worker, lease, game);
    expect(source.stored.map(({ record }) => record.variation?.index)).toEqual(
      Array.from({ length: index + 1 }, (_, i) => i),
    );
  }
  expect((await worker.next('lease')).gameId).toBe('g1');
  expect(book.find('g0')).toBeUndefined();
  expect(await store.games.trees('j', 9)).toMatchObject([{ treeId: 'g0', games: variations, isComplete: true }]);
});

it('gives what is stored to the next worker, who plays the same tree to its end', async () => {
  const alone = connect('alone');
  const whole = new LeasedTree(await alone.next('lease')).rest();
  alone.abort();
  nowMs = 5000;
  const first = connect('first');
  const begun = await first.next('lease');
  const play = new LeasedTree(begun);
  for (let i = 0; i < 3; i++) await submit(first, begun, play.next());
  first.abort();
  nowMs = 10_000;
  const second = connect('second');
  const lease = await second.next('lease');
  expect(lease).toMatchObject({ gameId: 'g0', seed: begun.seed });
  expect(lease.variations.map(({ moves }) => moves)).toEqual(whole.slice(0, 3).map(({ moves }) => moves));
  for (const game of new LeasedTree(lease).rest()) await submit(second, lease, game);
  const records = (await store.games.tree('g0')).map(({ bytes }) => decodeGameRecord(bytes));
  expect(records.map(({ moves }) => moves)).toEqual(whole.map(({ moves }) => moves));
  const together = new GameTree();
  for (const record of records) addRecord(together, record);
  expect(together.root?.results).toHaveLength(variations);
});

it('takes games that were submitted without waiting for one another', async () => {
  const worker = connect('a');
  const lease = await worker.next('lease');
  for (const game of new LeasedTree(lease).rest()) worker.submit(lease, game);
  for (let i = 0; i < variations; i++) await worker.next('stored');
  expect(await storedIds('g0')).toEqual(['g0', 'g0.1', 'g0.2', 'g0.3', 'g0.4']);
  expect(worker.pending('refused')).toBe(0);
});

it('acknowledges a game again that it has, while the tree is played and afterwards', async () => {
  const worker = connect('a', 2);
  const lease = await worker.next('lease');
  await worker.next('lease');
  const games = new LeasedTree(lease).rest();
  await submit(worker, lease, games[0]!);
  await submit(worker, lease, games[1]!);
  await submit(worker, lease, games[0]!);
  await submit(worker, lease, games[1]!);
  await reopen();
  const back = connect('a', 2, [lease.leaseId]);
  for (const game of games) await submit(back, lease, game);
  for (const game of games) await submit(back, lease, game);
  await reopen();
  for (const game of games) await submit(connect('late'), lease, game);
  expect(await storedIds('g0')).toHaveLength(variations);
  expect(source.stored).toHaveLength(variations);
});

it('goes on with a tree after a restart, for the worker that comes back with its lease', async () => {
  const worker = connect('a');
  const lease = await worker.next('lease');
  const [one, two, ...rest] = new LeasedTree(lease).rest();
  await submit(worker, lease, one!);
  await submit(worker, lease, two!);
  await reopen();
  const back = connect('a/2', 1, [lease.leaseId]);
  await submit(back, lease, two!);
  expect(back.pending('refused')).toBe(0);
  for (const game of rest) await submit(back, lease, game);
  expect((await back.next('lease')).gameId).toBe('g1');
  expect(await storedIds('g0')).toHaveLength(variations);
});

it('extends the lease with every game', async () => {
  const worker = connect('a');
  const lease = await worker.next('lease');
  const play = new LeasedTree(lease);
  for (let i = 0; i < 3; i++) {
    nowMs += 900;
    await submit(worker, lease, play.next());
  }
  expect(book.hasFree).toBe(false);
});

it('refuses a game of a tree that went on elsewhere, and leaves the tree where it is', async () => {
  const slow = connect('slow');
  const lost = await slow.next('lease');
  const behind = new LeasedTree(lost);
  await submit(slow, lost, behind.next());
  nowMs = 1000;
  const other = connect('other');
  const lease = await other.next('lease');
  expect(lease.variations).toHaveLength(1);
  const play = new LeasedTree(lease);
  expect(await refusal(slow, lost, behind.next(2))).toMatch(/'g0' went on elsewhere/);
  expect((await slow.next('lease')).gameId).toBe('g1');
  for (const game of play.rest()) await submit(other, lease, game);
  expect(await storedIds('g0')).toHaveLength(variations);
});

it('acknowledges a late game that another worker played just so, and ends the late worker’s tree', async () => {
  const slow = connect('slow');
  const lost = await slow.next('lease');
  const behind = new LeasedTree(lost);
  await submit(slow, lost, behind.next());
  nowMs = 1000;
  const other = connect('other');
  const lease = await other.next('lease');
  const game = new LeasedTree(lease).next();
  await submit(other, lease, game);
  await submit(slow, lost, behind.next());
  expect(await slow.next('refused')).toMatchObject({ gameId: 'g0.2' });
  expect((await slow.next('lease')).gameId).toBe('g1');
  expect(book.find('g0')).toMatchObject({ worker: 'other' });
});

it('says so when the same game was played otherwise, and frees the tree if it is that worker’s', async () => {
  const worker = connect('a');
  const lease = await worker.next('lease');
  await submit(worker, lease, new LeasedTree(lease).next());
  expect(await refusal(worker, lease, new LeasedTree(lease).next(2))).toMatch(/Variation 0 .* went on elsewhere/);
  expect(await worker.next('lease')).toMatchObject({ gameId: 'g0', variations: [{ gameId: 'g0' }] });
});

it('gives the next worker also the game that was on its way in when the tree was given back', async () => {
  const first = connect('first');
  const lease = await first.next('lease');
  const play = new LeasedTree(lease);
  first.submit(lease, play.next());
  first.submit(lease, play.next());
  first.send({ $case: 'giveBack', value: { leaseIds: [] } });
  first.finish();
  expect(await first.ended()).toBeUndefined();
  expect((await connect('second').next('lease')).variations.map(({ gameId }) => gameId)).toEqual(['g0', 'g0.1']);
});

it('takes the last game of a worker whose job was cancelled, tells it to stop, and keeps the tree for later', async () => {
  const worker = connect('a');
  const lease = await worker.next('lease');
  const play = new LeasedTree(lease);
  await submit(worker, lease, play.next());
  source.running = false;
  source.left = 0;
  await submit(worker, lease, play.next());
  expect(await worker.next('refused')).toEqual({ gameId: 'g0.2', reason: "The job 'j' has stopped" });
  expect(book.find('g0')).toMatchObject({ leaseId: '' });
  source.running = true;
  source.changed();
  expect(await worker.next('lease')).toMatchObject({ gameId: 'g0', variations: [{}, {}] });
});

it('ends trees and grants none when a job has all its self-play, so that workers turn to its rating games', async () => {
  const worker = connect('a');
  const lease = await worker.next('lease');
  const play = new LeasedTree(lease);
  await submit(worker, lease, play.next());
  source.enoughSelfPlay = true;
  source.left = 0;
  await submit(worker, lease, play.next());
  expect(await worker.next('refused')).toEqual({ gameId: 'g0.2', reason: "The job 'j' has all its self-play" });
  expect(book.find('g0')).toMatchObject({ leaseId: '' });
  expect(book.hasFree).toBe(false);
  source.left = 1;
  source.changed();
  expect((await worker.next('lease')).gameId).toBe('g1');
});

it('keeps nothing of a tree whose job is done', async () => {
  const worker = connect('a');
  const lease = await worker.next('lease');
  const play = new LeasedTree(lease);
  await submit(worker, lease, play.next());
  source.running = false;
  source.left = 0;
  source.endJob('j');
  await submit(worker, lease, play.next());
  expect(await worker.next('refused')).toMatchObject({ gameId: 'g0.2' });
  expect([book.size, await store.leases.all()]).toEqual([0, []]);
  expect(await refusal(worker, lease, play.next())).toMatch(/was not leased/);
  expect([book.size, await store.leases.all()]).toEqual([0, []]);
});

it.each<[string, (game: GameRecord) => GameRecord, RegExp]>([
  [
    'a single game',
    (game) => ({ ...game, variation: undefined, gameId: 'g0' }),
    /variation is absent; the lease says set/,
  ],
  ['another number', (game) => withIndex(game, 3), /variation.index is 3; the next of 'g0' is 2/],
  ['another name', (game) => ({ ...game, gameId: 'g0.7' }), /The game is 'g0.7'; variation 2 of tree 'g0' is 'g0.2'/],
  [
    'a branch that was explored',
    (game) => ({ ...game, variation: { ...game.variation!, sharedMoves: 1 } }),
    /explored/,
  ],
])('refuses %s as the next game of a tree', async (_, change, reason) => {
  const worker = connect('a');
  const lease = await worker.next('lease');
  const play = new LeasedTree(lease);
  await submit(worker, lease, play.next());
  await submit(worker, lease, play.next());
  expect(await refusal(worker, lease, change(play.next()))).toMatch(reason);
  expect(await worker.next('lease')).toMatchObject({ gameId: 'g0', variations: [{}, {}] });
});

it('refuses a game of a tree where a single one was leased', async () => {
  const worker = connect('a');
  const game = new LeasedTree(await worker.next('lease')).next();
  expect(game.variation).toBeDefined();
  source.left = 0;
  source.endJob('j');
  await reopen();
  source = new NumberedGames(single);
  await reopen();
  const other = connect('b');
  expect(await refusal(other, await other.next('lease'), game)).toMatch(/variation is set; the lease says absent/);
});

function withIndex(game: GameRecord, index: number): GameRecord {
  return { ...game, gameId: `g0.${index}`, variation: { ...game.variation!, index } };
}
