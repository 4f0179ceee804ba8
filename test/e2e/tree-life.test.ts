import { describe, expect, it } from 'vitest';
import type { GameRecord } from '../../src/go/game-record.js';
import { replayGame } from '../../src/go/game-record.js';
import { GameTree } from '../../src/methods/branching/game-tree.js';
import { valueLabel } from '../../src/methods/branching/value-label.js';
import { GameServiceDefinition } from '../../src/proto/tengen/v1/game.js';
import { JobServiceDefinition, JobState } from '../../src/proto/tengen/v1/job.js';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import type { LeaseRow } from '../../src/store/store.js';
import { decodeGameRecord } from '../../src/wire/game-record.js';
import { addRecord } from '../../src/wire/record-tree.js';
import { LeasedTree } from '../support/leased-tree.js';
import { freshServer } from '../support/fresh-server.js';
import { createJob } from '../support/server-calls.js';
import type { ServerProcess } from '../support/start-server.js';
import { WorkClient } from '../support/work-client.js';
import { WorkerProcess } from '../support/worker-process.js';

/** Trees of up to ten games, long enough to be cut off in the middle; the high temperature makes collisions rare. */
const trees = { size: 5, visits: 60, variations: 10, branchPoints: 'random', branchTemperature: 8, seed: 5 };
const tree = 'alphazero-1-0';
const allGames = [tree, ...Array.from({ length: 9 }, (_, i) => `${tree}.${i + 1}`)];

const own = freshServer('--lease-seconds', '1');

/** The games of the first tree among those a worker had stored. */
function ofTree(worker: WorkerProcess): string[] {
  return worker.storedGames.filter((gameId) => allGames.includes(gameId));
}

/** Waits until the worker has stored the last game of the first tree, be it that nothing more was left to explore. */
async function completesTree(worker: WorkerProcess, { connect }: ServerProcess): Promise<void> {
  const games = connect().client(GameServiceDefinition);
  for (;;) {
    const count = worker.storedGames.length;
    const { variations } = await games.getGame({ gameId: tree });
    if (variations.at(-1)?.variation?.isLast) return;
    await worker.until(() => worker.storedGames.length > count);
  }
}

/** Ends the server and reads what it kept. */
async function kept(treeId = tree): Promise<{ games: GameRecord[]; leases: readonly LeaseRow[] }> {
  await own.server?.kill();
  const store = await openSqliteStore({ dataDir: own.dataDir, now: () => 0 });
  try {
    const rows = await store.games.tree(treeId);
    return { games: rows.map(({ bytes }) => decodeGameRecord(bytes)), leases: await store.leases.all() };
  } finally {
    await store.close();
  }
}

/** Checks that so many games are there, once each, and that the labels of the tree count all of them. */
function expectWhole(games: readonly GameRecord[], count: number): void {
  expect(games.map(({ gameId }) => gameId)).toEqual(allGames.slice(0, count));
  expect(games.map(({ variation }) => variation?.isLast)).toEqual(games.map((_, i) => i === count - 1));
  const whole = new GameTree();
  for (const record of games) {
    replayGame(record);
    addRecord(whole, record);
  }
  const { root, positions } = whole;
  expect(root?.results).toHaveLength(count);
  const wins = root!.results.filter((result) => result === 1).length;
  expect(valueLabel(root!, 'mean', 0)).toBeCloseTo(wins / count, 9);
  expect(positions).toHaveLength(games.reduce((sum, { searches }) => sum + searches.length, 0));
}

describe('a game tree', () => {
  it('survives kill -9 of its worker after six of ten games, and of the server: each game is stored once', async () => {
    const first = await own.start();
    await createJob(first.connect(), trees);
    const killed = new WorkerProcess(first.address, ['--games', '1']);
    await killed.until(() => killed.storedGames.length >= 6);
    await killed.end('SIGKILL');
    const before = killed.storedGames;
    expect(before).toEqual(allGames.slice(0, before.length));

    const other = new WorkerProcess(first.address, ['--games', '2']);
    await other.until(() => other.storedGames.some((gameId) => gameId.startsWith(`${tree}.`)));
    await first.kill();
    await other.logs('disconnected');
    await completesTree(other, await own.start(['--port', first.address.split(':')[1]!, '--no-page']));
    expect(other.stderr).not.toContain('game-refused');
    expect(other.storedGames).not.toContain(before[0]);
    expect(await other.end('SIGINT')).toBe(0);

    const { games, leases } = await kept();
    expectWhole(games, games.length);
    expect(games.map(({ gameId }) => gameId)).toEqual(expect.arrayContaining([...before, ...ofTree(other)]));
    expect(leases.map(({ gameId }) => gameId)).not.toContain(tree);
  });

  it('goes on under its worker when the server is killed again and again', async () => {
    const { address, connect, kill } = await own.start();
    await createJob(connect(), trees);
    const worker = new WorkerProcess(address, ['--games', '1']);
    await worker.logs('game-stored', 2);
    await kill();
    for (const count of [4, 7]) {
      await worker.logs('disconnected');
      await own.start(['--port', address.split(':')[1]!, '--no-page']);
      await worker.until(() => worker.storedGames.length >= count);
      await own.server?.kill();
    }
    await completesTree(worker, await own.start(['--port', address.split(':')[1]!, '--no-page']));
    expect(worker.stderr).not.toContain('game-refused');
    const { games } = await kept();
    expectWhole(games, games.length);
    expect(ofTree(worker)).toEqual(games.map(({ gameId }) => gameId));
  });

  it('is interrupted with its job and continued when the job is resumed', async () => {
    const connection = (await own.start()).connect();
    const { jobId } = await createJob(connection, { ...trees, visits: 4 });
    const jobs = connection.client(JobServiceDefinition);
    const worker = new WorkClient(connection);
    worker.hello(1);
    const lease = await worker.next('lease');
    const play = new LeasedTree(lease);
    worker.submit(lease, play.next());
    await worker.next('stored');
    await jobs.cancelJob({ jobId });
    worker.submit(lease, play.next());
    expect(await worker.next('stored')).toEqual({ gameId: `${tree}.1` });
    expect(await worker.next('refused')).toMatchObject({ gameId: `${tree}.2`, reason: /has stopped/ });
    await jobs.resumeJob({ jobId });
    const again = await worker.next('lease');
    expect(again.variations.map(({ gameId }) => gameId)).toEqual(allGames.slice(0, 2));
    const rest = new LeasedTree(again).rest();
    for (const game of rest) {
      worker.submit(again, game);
      await worker.next('stored');
    }
    expectWhole((await kept()).games, 2 + rest.length);
  });

  it('leaves nothing behind in the leases when its job ends in the middle', async () => {
    const connection = (await own.start()).connect();
    const { jobId } = await createJob(connection, { ...trees, visits: 4, maxGames: 2 });
    const worker = new WorkClient(connection);
    worker.hello(1);
    const lease = await worker.next('lease');
    const play = new LeasedTree(lease);
    for (let i = 0; i < 2; i++) {
      worker.submit(lease, play.next());
      await worker.next('stored');
    }
    const watching = connection.client(JobServiceDefinition).watchJob({ jobId, afterSequence: 0 });
    let last: JobState | undefined;
    for await (const { state } of watching) last = state;
    expect(last).toBe(JobState.DONE);
    worker.submit(lease, play.next());
    await worker.next('refused');
    expect((await kept()).leases).toEqual([]);
  });
});
