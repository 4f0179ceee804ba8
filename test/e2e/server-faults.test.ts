import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Status } from 'nice-grpc-common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../clients/shared/connection.js';
import { MessageQueue } from '../../src/core/message-queue.js';
import {
  EvaluatorServiceDefinition,
  type EvaluateRequest,
  type EvaluateResponse,
} from '../../src/proto/tengen/v1/evaluator.js';
import { JobServiceDefinition, JobState } from '../../src/proto/tengen/v1/job.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { KoRule, Position } from '../../src/proto/tengen/v1/position.js';
import { GameRecord } from '../../src/proto/tengen/v1/self_play.js';
import { createJob, expectError, expectStatus } from '../support/server-calls.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';
import { skipWithout } from '../support/needs.js';
import { playLease, WorkClient } from '../support/work-client.js';

let dataDir: string;
let server: ServerProcess | undefined;

beforeEach(() => {
  dataDir = makeDataDir();
});
afterEach(async () => {
  await server?.kill();
  server = undefined;
  removeDataDir(dataDir);
});

async function start(flags: readonly string[] = [], dir = dataDir): Promise<ServerProcess> {
  server = await startServerProcess(dir, flags);
  return server;
}

const emptyPosition = (size: number): Position =>
  Position.fromPartial({
    size,
    stones: new Uint8Array(size * size),
    toMove: 1,
    rules: { ko: KoRule.POSITIONAL, suicide: false, komi: 0.5 },
  });

function evaluateStream(connection: Connection): {
  ask: (request: Partial<EvaluateRequest>) => Promise<EvaluateResponse>;
} {
  const outgoing = new MessageQueue<EvaluateRequest>();
  const responses = connection.client(EvaluatorServiceDefinition).evaluate(outgoing)[Symbol.asyncIterator]();
  let requestId = 0n;
  return {
    async ask(request) {
      outgoing.push({
        requestId: ++requestId,
        model: '',
        priority: 1,
        precision: 0,
        positions: [],
        ownership: false,
        cancel: false,
        ...request,
      });
      const answer = await responses.next();
      return answer.value as EvaluateResponse;
    },
  };
}

describe('bad input', () => {
  it('answers malformed positions, unknown models and wrong sizes one by one, and the stream lives on', async () => {
    const connection = (await start()).connect();
    await createJob(connection);
    const stream = evaluateStream(connection);
    const good = { positions: [emptyPosition(3)] };
    expect((await stream.ask(good)).evaluations).toHaveLength(1);

    const stones = new Uint8Array(9).fill(7);
    const malformed = await stream.ask({ positions: [{ ...emptyPosition(3), stones }] });
    expect(malformed.error?.code).toBe(Status.INVALID_ARGUMENT);
    expect(malformed.error?.message).toMatch(/7/);
    const unknown = await stream.ask({ ...good, model: 'nobody' });
    expect(unknown.error).toMatchObject({
      code: Status.NOT_FOUND,
      message: expect.stringContaining('nobody') as string,
    });
    const wrongSize = await stream.ask({ positions: [emptyPosition(5)] });
    expect(wrongSize.error?.code).toBe(Status.INVALID_ARGUMENT);
    expect(wrongSize.error?.message).toMatch(/5.*3|3.*5/);
    const empty = await stream.ask({ positions: [] });
    expect(empty.error?.code).toBe(Status.INVALID_ARGUMENT);

    expect((await stream.ask(good)).evaluations).toHaveLength(1);
  });

  it('refuses an illegal move, stores nothing, frees the lease and keeps the stream', async () => {
    const connection = (await start()).connect();
    const { jobId } = await createJob(connection);
    const worker = new WorkClient(connection);
    worker.hello(1);
    const lease = await worker.next('lease');
    const game = playLease(lease);
    worker.submit(lease, { ...game, moves: [0, 0, ...game.moves.slice(2)] });
    expect(await worker.next('refused')).toMatchObject({
      gameId: lease.gameId,
      reason: expect.stringMatching(/occupied|illegal|legal/i) as string,
    });

    // The lease that comes next is for the same game: it is free again.
    const again = await worker.next('lease');
    expect([again.gameId, again.seed]).toEqual([lease.gameId, lease.seed]);
    expect(again.leaseId).not.toBe(lease.leaseId);
    worker.submit(again);
    expect(await worker.next('stored')).toEqual({ gameId: lease.gameId });
    await worker.next('lease');
    await server?.stop();

    const reopened = (await start()).connect();
    const { job } = await reopened.client(JobServiceDefinition).getJob({ jobId });
    expect(job?.state).toBe(JobState.RUNNING);
  });

  it.each([
    ['another size', { size: 5 }, /size is 5; the lease says 3/],
    ['another seed', { seed: 99n }, /seed is 99/],
    ['another job', { jobId: 'x' }, /job_id is x/],
    ['a resignation that its lease rules out', { resigned: 1 as const }, /resign_threshold/],
    ['another score', { score: 81 }, /score is 81/i],
    ['an unknown model', { modelVersion: 'm@ffffffffffff' }, /m@ffffffffffff/],
    ['a model without its version', { modelVersion: 'm' }, /model_version is 'm'; it must be 'm@[0-9a-f]{12}'/],
    ['a longer name than a person reads', { jobId: 'j'.repeat(1_000_000) }, /^job_id is j{100}…; the lease says/],
    ['a name of control characters', { jobId: 'a\u001b[31m' }, /^job_id is a\\u001b\[31m;/],
    ['no rules', { rules: undefined }, /rules are missing/],
    [
      'no end',
      { moves: [0], searches: [{ policy: [], value: 0, visits: 0, full: false, surprise: 0 }], score: 8.5 },
      /is not over after 1 moves/,
    ],
    ['a game that nobody leased', { gameId: 'unheard' }, /'unheard' was not leased/],
  ])('refuses a game with %s', async (_, change, reason) => {
    const connection = (await start()).connect();
    await createJob(connection);
    const worker = new WorkClient(connection);
    worker.hello(1);
    const lease = await worker.next('lease');
    worker.submit(lease, { ...playLease(lease), ...change });
    expect((await worker.next('refused')).reason).toMatch(reason);
  });

  it.each([Number.NaN, -1])(
    'refuses a game whose searches have surprise %d, and nothing of it is stored',
    async (surprise) => {
      const connection = (await start()).connect();
      await createJob(connection);
      const worker = new WorkClient(connection);
      worker.hello(1);
      const lease = await worker.next('lease');
      const game = playLease(lease);
      worker.submit(lease, { ...game, searches: game.searches.map((search) => ({ ...search, surprise })) });
      const { reason } = await worker.next('refused');
      expect(reason).toBe(`searches[0].surprise is ${surprise}; it must be 0 or more`);
      worker.submit(await worker.next('lease'));
      expect(await worker.next('stored')).toEqual({ gameId: lease.gameId });
    },
  );

  it('writes no line of the log as long as what a worker calls its game', async () => {
    const { connect, log } = await start();
    const worker = new WorkClient(connect());
    worker.hello(1);
    const gameId = 'g'.repeat(1_000_000);
    const variation = { treeId: gameId, index: 0, sharedMoves: 0, backUp: 0, isLast: true };
    for (const game of [{ gameId }, { gameId, variation }]) {
      worker.send({ $case: 'submit', value: { leaseId: '', game: GameRecord.fromPartial(game) } });
      const { reason } = await worker.next('refused');
      expect(reason).toMatch(/^The (game|tree) 'g{100}…' was not leased by this server/);
    }
    expect(log().match(/"game-refused"/g)).toHaveLength(2);
    expect(log().length).toBeLessThan(20_000);
  });

  it('leases a worker no more games than it plays at once, however often it submits one', async () => {
    const connection = (await start()).connect();
    await createJob(connection);
    const worker = new WorkClient(connection);
    worker.hello(1);
    const lease = await worker.next('lease');
    for (let i = 0; i < 4; i++) {
      worker.submit(lease);
      await worker.next('stored');
    }
    expect((await worker.next('lease')).gameId).toBe('alphazero-1-1');
    const other = new WorkClient(connection);
    other.hello(1, 'other');
    expect((await other.next('lease')).gameId).toBe('alphazero-1-2');
  });

  it('refuses what a worker may not say, each with its status', async () => {
    const connection = (await start()).connect();
    const silent = new WorkClient(connection);
    silent.send({ $case: 'heartbeat', value: { games: 0 } });
    expectError(await silent.ended(), Status.FAILED_PRECONDITION, /first message is heartbeat/);
    const future = new WorkClient(connection);
    future.send({ $case: 'hello', value: { worker: 'w', games: 1, protocolVersion: 7, leaseIds: [] } });
    expectError(
      await future.ended(),
      Status.FAILED_PRECONDITION,
      /protocol_version is 7; this server speaks version 1/,
    );
    const greedy = new WorkClient(connection);
    greedy.hello(1_000_000);
    expectError(await greedy.ended(), Status.INVALID_ARGUMENT, /games is 1000000/);
    const idle = new WorkClient(connection);
    idle.hello(1);
    expect((await idle.next('idle')).reason).toMatch(/No job is running/);
  });

  it('refuses a message over the limit and serves the next one', async () => {
    const connection = (await start(['--max-message-bytes', '65536'])).connect();
    const configJson = 'x'.repeat(100_000);
    const jobs = connection.client(JobServiceDefinition);
    await expectStatus(
      jobs.createJob({ kind: 'alphazero', model: 'm', configJson }),
      Status.RESOURCE_EXHAUSTED,
      /larger than max.*65536/,
    );
    const worker = new WorkClient(connection);
    worker.hello(1, 'w'.repeat(100_000));
    expectError(await worker.ended(), Status.RESOURCE_EXHAUSTED, /larger than max/);
    expect((await jobs.listJobs({})).jobs).toEqual([]);
  });

  it('refuses settings of a job by name', async () => {
    const connection = (await start()).connect();
    const jobs = connection.client(JobServiceDefinition);
    const create = (configJson: string, kind = 'alphazero', model = 'm') => jobs.createJob({ kind, model, configJson });
    await expectStatus(create('{"visit":3}'), Status.INVALID_ARGUMENT, /'visit'; did you mean 'visits'/);
    await expectStatus(create('{"size":1}'), Status.INVALID_ARGUMENT, /'size' is 1/);
    await expectStatus(create('[1]'), Status.INVALID_ARGUMENT, /JSON object/);
    await expectStatus(create('{'), Status.INVALID_ARGUMENT, /no JSON/);
    await expectStatus(create('{}', 'alphazro'), Status.INVALID_ARGUMENT, /did you mean 'alphazero'/);
    await expectStatus(create('{}', 'alphazero', 'a@b'), Status.INVALID_ARGUMENT, /a@b/);
    await expectStatus(jobs.getJob({ jobId: 'none' }), Status.NOT_FOUND, /'none'/);
    expect((await jobs.listJobs({})).jobs).toEqual([]);
  });
});

describe('model files', () => {
  async function* chunks(name: string, bytes: Uint8Array, sha256: string) {
    await Promise.resolve();
    for (let at = 0; at < bytes.length; at += 50_000) {
      const said = at === 0 ? { name, sha256, sizeBytes: bytes.length } : { name: '', sha256: '' };
      yield { ...said, chunk: bytes.subarray(at, at + 50_000) };
    }
  }

  it('gives out what it takes in, byte for byte, and refuses broken files whole', async () => {
    const connection = (await start(['--import-dir', dataDir])).connect();
    await createJob(connection, { channels: 16 });
    const models = connection.client(ModelServiceDefinition);
    const received: Uint8Array[] = [];
    let sha256 = '';
    for await (const { chunk, model } of models.downloadModel({ model: 'm' })) {
      received.push(chunk);
      sha256 ||= model?.sha256 ?? '';
    }
    const bytes = Buffer.concat(received);

    const { model } = await models.uploadModel(chunks('copy', bytes, sha256.toUpperCase()));
    expect(model).toMatchObject({ name: 'copy', sha256, promoted: true, size: 3 });
    await expectStatus(models.uploadModel(chunks('bad', bytes, '0'.repeat(64))), Status.INVALID_ARGUMENT, /has sha256/);
    const torn = bytes.subarray(0, bytes.length - 8);
    const tornHash = createHash('sha256').update(torn).digest('hex');
    await expectStatus(models.uploadModel(chunks('bad', torn, tornHash)), Status.INVALID_ARGUMENT, /./);
    const path = join(dataDir, 'torn.safetensors');
    writeFileSync(path, torn);
    await expectStatus(models.importModel({ name: 'bad', path }), Status.INVALID_ARGUMENT, /./);
    const nowhere = models.importModel({ name: 'bad', path: 'nowhere' });
    await expectStatus(nowhere, Status.NOT_FOUND, /no file 'nowhere' below/);
    expect((await models.listModels({ name: '' })).models.map(({ name }) => name)).toEqual(['copy', 'm']);
    writeFileSync(path, bytes);
    expect((await models.importModel({ name: 'imported', path })).model?.sha256).toBe(sha256);
    await expectStatus(models.promoteModel({ model: 'm' }), Status.INVALID_ARGUMENT, /name@version/);
    await expectStatus(models.promoteModel({ model: 'm@none' }), Status.NOT_FOUND, /m@none/);
    await models.promoteModel({ model: `copy@${model?.version ?? ''}` });
    expect((await models.getModel({ model: '' })).model?.name).toBe('copy');
  });
});

describe('a full disk', () => {
  it('refuses games with a clear error, keeps what was acknowledged, and goes on when there is room', async ({
    skip,
  }) => {
    const disk = join(dataDir, 'disk');
    mkdirSync(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      return skipWithout('mount', skip);
    }
    try {
      const connection = (await start([], disk)).connect();
      const { jobId } = await createJob(connection);
      writeFileSync(join(disk, 'ballast'), Buffer.alloc(300_000));
      const acknowledged = await fillDisk(connection);
      expect(acknowledged.size).toBeGreaterThan(0);
      expect((await connection.client(JobServiceDefinition).getJob({ jobId })).job?.jobId).toBe(jobId);

      rmSync(join(disk, 'ballast'));
      const worker = new WorkClient(connection);
      worker.hello(1);
      const lease = await worker.next('lease');
      worker.submit(lease);
      acknowledged.add((await worker.next('stored')).gameId);
      await server?.kill();

      const again = new WorkClient((await start([], disk)).connect());
      again.hello(1);
      await again.next('lease');
      for (const gameId of acknowledged) {
        again.submit({ ...lease, gameId });
        expect((await again.next('stored')).gameId).toBe(gameId);
      }
    } finally {
      await server?.kill();
      execFileSync('umount', ['-l', disk]);
    }
  });

  async function fillDisk(connection: Connection): Promise<Set<string>> {
    const acknowledged = new Set<string>();
    const worker = new WorkClient(connection);
    worker.hello(4);
    try {
      for (;;) {
        worker.submit(await worker.next('lease'));
        acknowledged.add((await worker.next('stored')).gameId);
      }
    } catch (error) {
      expectError(error, Status.RESOURCE_EXHAUSTED, /disk that holds .* is full/);
    }
    return acknowledged;
  }
});
