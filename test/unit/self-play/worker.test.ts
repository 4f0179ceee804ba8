import { ServerError, Status } from 'nice-grpc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runWorker, type WorkerTotals } from '../../../clients/self-play/worker.js';
import { replayGame } from '../../../src/go/game-record.js';
import { gameRecordFromWire } from '../../../src/wire/game-record.js';
import { leaseOf, ScriptedServer } from '../../support/scripted-server.js';

let server: ScriptedServer;
let address: string;
let controller: AbortController;
let events: { event: string; fields: Readonly<Record<string, unknown>> }[];

beforeEach(async () => {
  server = new ScriptedServer();
  address = await server.start();
  controller = new AbortController();
  events = [];
});
afterEach(() => {
  controller.abort();
  server.stop();
});

let threads: number;

const work = (games: number): Promise<WorkerTotals> =>
  runWorker({
    address,
    name: 'test',
    games,
    threads,
    signal: controller.signal,
    log: (event, fields) => events.push({ event, fields }),
  });

/** A game too long to end before the test does. */
const long = { visits: 1000, maxMoves: 50 };

describe.each([1, 2])('a worker of %i threads', (count) => {
  beforeEach(() => {
    threads = count;
  });

  it('says hello, plays its lease and submits a game that replays', async () => {
    const running = work(3);
    const stream = await server.nextStream();
    const [hello] = await stream.heard('hello');
    expect(hello).toMatchObject({ games: 3, protocolVersion: 1, leaseIds: [] });
    expect(hello?.worker).toMatch(/^test\//);
    stream.send({ $case: 'lease', value: leaseOf(1) });
    const [submitted] = await stream.heard('submit');
    expect(submitted?.leaseId).toBe('lease-1');
    const record = gameRecordFromWire(submitted!.game!);
    expect(record).toMatchObject({ gameId: 'game-1', jobId: 'job', modelVersion: 'net@1', seed: 1 });
    replayGame(record);
    stream.send({ $case: 'stored', value: { gameId: 'game-1' } });
    stream.send({ $case: 'lease', value: leaseOf(2) });
    await stream.heard('submit', 2);
    stream.send({ $case: 'stored', value: { gameId: 'game-2' } });
    stream.send({ $case: 'lease', value: leaseOf(3, { settings: long }) });
    controller.abort();
    expect(await running).toMatchObject({ games: 2 });
  });

  it('puts leaves of many games into one message, but of no more than half of them', async () => {
    const running = work(16);
    const stream = await server.nextStream();
    for (let i = 0; i < 16; i++) stream.send({ $case: 'lease', value: leaseOf(i) });
    await stream.heard('submit', 16);
    const total = server.messageSizes.reduce((a, b) => a + b);
    expect(total / server.messageSizes.length).toBeGreaterThan(4);
    // So some search while the others wait for their evaluations.
    expect(Math.max(...server.messageSizes)).toBeLessThanOrEqual(8);
    controller.abort();
    expect((await running).evaluations).toBe(total);
  });

  it('plays the same game for the same lease', async () => {
    const running = work(2);
    const stream = await server.nextStream();
    stream.send({ $case: 'lease', value: leaseOf(1, { seed: 9n }) });
    stream.send({ $case: 'lease', value: leaseOf(2, { seed: 9n }) });
    const submitted = await stream.heard('submit', 2);
    expect(submitted[0]?.game?.moves).toEqual(submitted[1]?.game?.moves);
    controller.abort();
    await running;
  });

  it('plays the same games in each of its threads, where they are many', async () => {
    const running = work(500);
    const stream = await server.nextStream();
    for (let i = 0; i < 500; i++) {
      stream.send({ $case: 'lease', value: leaseOf(i, { seed: 9n, settings: { maxMoves: 4 } }) });
    }
    const submitted = await stream.heard('submit', 500);
    expect(new Set(submitted.map(({ game }) => String(game?.moves))).size).toBe(1);
    controller.abort();
    await running;
    expect(server.evaluations).toBe(count);
  });

  it('starts new games with the newest version it has heard of', async () => {
    const running = work(2);
    const stream = await server.nextStream();
    stream.send({ $case: 'lease', value: leaseOf(1) });
    await stream.heard('submit');
    stream.send({ $case: 'newModel', value: { jobId: 'job', modelVersion: 'net@2' } });
    stream.send({ $case: 'lease', value: leaseOf(2) });
    const submitted = await stream.heard('submit', 2);
    expect(submitted.map(({ game }) => game?.modelVersion)).toEqual(['net@1', 'net@2']);
    expect([...new Set(server.models)]).toEqual(['net@1', 'net@2']);
    controller.abort();
    await running;
  });

  it('plays rating games with both versions', async () => {
    const running = work(1);
    const stream = await server.nextStream();
    const match = { blackModel: 'net@1', whiteModel: 'net@2', opening: [12] };
    stream.send({ $case: 'lease', value: leaseOf(1, { modelVersion: '', match }) });
    const [submitted] = await stream.heard('submit');
    expect(submitted?.game).toMatchObject({ modelVersion: '', match });
    expect(new Set(server.models)).toEqual(new Set(['net@1', 'net@2']));
    controller.abort();
    await running;
  });

  it('gives its leases back when it is stopped', async () => {
    const running = work(4);
    const stream = await server.nextStream();
    for (let i = 0; i < 4; i++) stream.send({ $case: 'lease', value: leaseOf(i, { settings: long }) });
    await stream.heard('hello');
    while (server.models.length === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    expect(await running).toMatchObject({ games: 0 });
    expect(await stream.heard('giveBack')).toEqual([{ leaseIds: [] }]);
  });

  it('gives back what it has no room for', async () => {
    const running = work(1);
    const stream = await server.nextStream();
    stream.send({ $case: 'lease', value: leaseOf(1, { settings: long }) });
    stream.send({ $case: 'lease', value: leaseOf(2) });
    expect(await stream.heard('giveBack')).toEqual([{ leaseIds: ['lease-2'] }]);
    controller.abort();
    await running;
  });

  it('sends signs of life before its leases expire', async () => {
    const running = work(1);
    const stream = await server.nextStream();
    stream.send({ $case: 'lease', value: leaseOf(1, { expiresInMs: 150, settings: long }) });
    await stream.heard('heartbeat', 3);
    controller.abort();
    await running;
  });

  it('keeps its leases alive on a new stream that has no lease for it', async () => {
    const running = work(1);
    const stream = await server.nextStream();
    stream.send({ $case: 'lease', value: leaseOf(1, { expiresInMs: 150, settings: long }) });
    await stream.heard('heartbeat');
    server.stop();
    await server.start(address);
    await (await server.nextStream()).heard('heartbeat', 2);
    controller.abort();
    await running;
  });

  it('carries on after the server was away, with its leases and what was not acknowledged', async () => {
    server.silent.add('net@2');
    const running = work(3);
    const stream = await server.nextStream();
    stream.send({ $case: 'lease', value: leaseOf(2, { modelVersion: 'net@2' }) });
    stream.send({ $case: 'lease', value: leaseOf(1) });
    await stream.heard('submit');
    server.stop();
    server.silent.clear();
    // Otherwise the second game could be over before the worker says hello.
    server.failEvaluations = Infinity;
    await server.start(address);
    const again = await server.nextStream();
    const [hello] = await again.heard('hello');
    server.failEvaluations = 0;
    expect(hello).toMatchObject({ games: 3, leaseIds: ['lease-2'] });
    const submitted = await again.heard('submit', 2);
    expect(submitted.map(({ leaseId }) => leaseId)).toEqual(['lease-1', 'lease-2']);
    again.send({ $case: 'stored', value: { gameId: 'game-1' } });
    again.send({ $case: 'stored', value: { gameId: 'game-2' } });
    controller.abort();
    await again.heard('giveBack');
    expect(await running).toMatchObject({ games: 2 });
    expect(events.some(({ event }) => event === 'disconnected')).toBe(true);
  });

  it('tries evaluations again that failed in passing', async () => {
    server.failEvaluations = 2;
    const running = work(1);
    const stream = await server.nextStream();
    stream.send({ $case: 'lease', value: leaseOf(1) });
    await stream.heard('submit');
    expect(events.filter(({ event }) => event === 'evaluation-failed')).toHaveLength(2);
    controller.abort();
    await running;
  });

  it('goes on after a refused game', async () => {
    const running = work(1);
    const stream = await server.nextStream();
    stream.send({ $case: 'lease', value: leaseOf(1) });
    await stream.heard('submit');
    stream.send({ $case: 'refused', value: { gameId: 'game-1', reason: 'score is 3' } });
    stream.send({ $case: 'lease', value: leaseOf(2) });
    await stream.heard('submit', 2);
    expect(events).toContainEqual({ event: 'game-refused', fields: { gameId: 'game-1', reason: 'score is 3' } });
    controller.abort();
    await running;
  });

  it.each([
    ['a bad token', Status.UNAUTHENTICATED, 'the token is wrong'],
    ['another protocol version', Status.FAILED_PRECONDITION, 'this server speaks version 2'],
  ])('stops at once and says why: %s', async (_, status, message) => {
    const running = work(1);
    running.catch(() => undefined);
    (await server.nextStream()).end(new ServerError(status, message));
    await expect(running).rejects.toThrow(message);
  });

  it('stops on a lease that it cannot play, after giving it back', async () => {
    const running = work(1);
    running.catch(() => undefined);
    const stream = await server.nextStream();
    stream.send({ $case: 'lease', value: leaseOf(1, { settings: { size: 25 } }) });
    await stream.heard('giveBack');
    await expect(running).rejects.toThrow(/size is 25/);
  });

  it('ends quietly when it is stopped while the server is away', async () => {
    server.stop();
    const running = work(1);
    while (!events.some(({ event }) => event === 'disconnected')) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    expect(await running).toEqual({ games: 0, evaluations: 0 });
  });

  it('refuses a senseless number of games', async () => {
    await expect(work(0)).rejects.toThrow(/games is 0/);
  });
});
