import { afterEach, beforeEach, expect, it } from 'vitest';
import { runWorker, type WorkerTotals } from '../../../clients/self-play/worker.js';
import { replayGame } from '../../../src/go/game-record.js';
import { GameTree } from '../../../src/methods/branching/game-tree.js';
import { paperSettings } from '../../../src/methods/branching/settings.js';
import type { Lease, SelfPlaySettings } from '../../../src/proto/tengen/v1/self_play.js';
import { branchSettingsToWire } from '../../../src/wire/branching.js';
import { gameRecordFromWire } from '../../../src/wire/game-record.js';
import { addRecord } from '../../../src/wire/record-tree.js';
import { leaseOf, ScriptedServer } from '../../support/scripted-server.js';

let server: ScriptedServer;
let address: string;
let controller: AbortController;
let running: Promise<WorkerTotals>;

const work = (games: number): void => {
  running = runWorker({ address, name: 'test', games, signal: controller.signal, log: () => undefined });
};

/** The lease of a tree of four games. */
function treeOf(
  number: number,
  changes: Partial<Omit<Lease, 'settings'>> = {},
  settings: Partial<SelfPlaySettings> = {},
): Lease {
  const branching = branchSettingsToWire({ ...paperSettings, variations: 4, points: 'random' });
  return leaseOf(number, { ...changes, settings: { branching, temperatureMoves: 20, maxMoves: 20, ...settings } });
}

const slow = { visits: 300 };

beforeEach(async () => {
  server = new ScriptedServer();
  address = await server.start();
  controller = new AbortController();
});
afterEach(async () => {
  controller.abort();
  await running;
  server.stop();
});

it('submits every game of a tree under its lease, each of them one that replays, and together they are a tree', async () => {
  work(1);
  const stream = await server.nextStream();
  stream.send({ $case: 'lease', value: treeOf(1) });
  const submitted = await stream.heard('submit', 4);
  expect(submitted.map(({ leaseId }) => leaseId)).toEqual(Array.from({ length: 4 }, () => 'lease-1'));
  const records = submitted.map(({ game }) => gameRecordFromWire(game!));
  expect(records.map(({ gameId }) => gameId)).toEqual(['game-1', 'game-1.1', 'game-1.2', 'game-1.3']);
  expect(records.map(({ variation }) => variation?.isLast)).toEqual([false, false, false, true]);
  const tree = new GameTree();
  for (const record of records) {
    replayGame(record);
    addRecord(tree, record);
  }
  stream.send({ $case: 'lease', value: leaseOf(2) });
  expect((await stream.heard('submit', 5))[4]?.game).toMatchObject({ gameId: 'game-2', variation: undefined });
});

it('continues a tree that another worker began as that one would have', async () => {
  work(1);
  const stream = await server.nextStream();
  stream.send({ $case: 'lease', value: treeOf(1) });
  const whole = (await stream.heard('submit', 4)).map(({ game }) => game!);
  stream.send({ $case: 'lease', value: treeOf(1, { leaseId: 'again', variations: whole.slice(0, 2) }) });
  const all = await stream.heard('submit', 6);
  expect(all.slice(4).map(({ leaseId, game }) => [leaseId, game?.gameId, game?.moves])).toEqual(
    whole.slice(2).map(({ gameId, moves }) => ['again', gameId, moves]),
  );
});

it('plays each game of a tree with the newest version', async () => {
  work(1);
  const stream = await server.nextStream();
  stream.send({ $case: 'lease', value: treeOf(1, {}, slow) });
  await stream.heard('submit');
  stream.send({ $case: 'newModel', value: { jobId: 'job', modelVersion: 'net@2' } });
  const models = (await stream.heard('submit', 4)).map(({ game }) => game?.modelVersion);
  expect([models[0], models[3]]).toEqual(['net@1', 'net@2']);
});

it('drops a tree of which a game is refused, also ahead of its end, and plays what it is given next', async () => {
  work(1);
  const stream = await server.nextStream();
  stream.send({ $case: 'lease', value: treeOf(1, {}, { visits: 100_000 }) });
  while (server.models.length === 0) await new Promise((resolve) => setImmediate(resolve));
  stream.send({ $case: 'refused', value: { gameId: 'game-11', reason: 'another tree' } });
  stream.send({ $case: 'refused', value: { gameId: 'game-1.2', reason: 'the job has stopped' } });
  stream.send({ $case: 'lease', value: treeOf(11) });
  const ids = (await stream.heard('submit', 4)).map(({ game }) => game?.gameId);
  expect(ids).toEqual(['game-11', 'game-11.1', 'game-11.2', 'game-11.3']);
  expect(stream.said.some(({ $case }) => $case === 'giveBack')).toBe(false);
});

it('keeps its tree when it must connect anew, and submits again what was not acknowledged', async () => {
  work(1);
  const stream = await server.nextStream();
  stream.send({ $case: 'lease', value: treeOf(1, {}, slow) });
  await stream.heard('submit', 2);
  server.stop();
  await server.start(address);
  const again = await server.nextStream();
  expect(await again.heard('hello')).toMatchObject([{ leaseIds: ['lease-1'] }]);
  const submitted = await again.heard('submit', 4);
  expect(submitted.map(({ leaseId, game }) => [leaseId, game?.gameId])).toEqual(
    ['game-1', 'game-1.1', 'game-1.2', 'game-1.3'].map((gameId) => ['lease-1', gameId]),
  );
});

it('plays on under another lease on the same tree, unless the tree has grown meanwhile', async () => {
  work(1);
  const stream = await server.nextStream();
  stream.send({ $case: 'lease', value: treeOf(1) });
  const games = (await stream.heard('submit', 4)).map(({ game }) => game!);
  stream.send({ $case: 'lease', value: treeOf(2, { seed: 1n }, slow) });
  await stream.heard('submit', 5);
  stream.send({ $case: 'lease', value: treeOf(2, { seed: 1n, leaseId: 'second', variations: [] }, slow) });
  expect((await stream.heard('submit', 6))[5]).toMatchObject({ leaseId: 'second', game: { gameId: 'game-2.1' } });
  const grown = games.slice(0, 3).map((game) => ({ ...game, gameId: game.gameId.replace('1', '2') }));
  stream.send({ $case: 'lease', value: treeOf(2, { seed: 1n, leaseId: 'third', variations: grown }) });
  expect((await stream.heard('submit', 7))[6]).toMatchObject({ leaseId: 'third', game: { gameId: 'game-2.3' } });
});

it('gives a tree back when it is stopped', async () => {
  work(1);
  const stream = await server.nextStream();
  stream.send({ $case: 'lease', value: treeOf(1, {}, slow) });
  await stream.heard('submit');
  controller.abort();
  expect(await stream.heard('giveBack')).toEqual([{ leaseIds: [] }]);
  expect(await running).toMatchObject({ games: 0 });
});

it('gives back a tree in which nothing is left to explore', async () => {
  work(1);
  const stream = await server.nextStream();
  stream.send({ $case: 'lease', value: treeOf(1) });
  const games = (await stream.heard('submit', 4)).map(({ game }) => game!);
  stream.send({ $case: 'lease', value: treeOf(1, { leaseId: 'whole', variations: games }) });
  expect(await stream.heard('giveBack')).toEqual([{ leaseIds: ['whole'] }]);
});
