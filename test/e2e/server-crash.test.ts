import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Status } from 'nice-grpc-common';
import { HealthDefinition } from 'nice-grpc-server-health';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../clients/shared/connection.js';
import { Rng } from '../../src/core/rng.js';
import { JobServiceDefinition, JobState } from '../../src/proto/tengen/v1/job.js';
import type { Lease } from '../../src/proto/tengen/v1/self_play.js';
import { createJob, expectError } from '../support/server-calls.js';
import {
  makeDataDir,
  removeDataDir,
  startRefused,
  startServerProcess,
  type ServerProcess,
} from '../support/start-server.js';
import { WorkClient } from '../support/work-client.js';

let dataDir: string;
let server: ServerProcess | undefined;
const workers: ChildProcess[] = [];

beforeEach(() => {
  dataDir = makeDataDir();
});
afterEach(async () => {
  for (const worker of workers.splice(0)) worker.kill('SIGKILL');
  await server?.kill();
  server = undefined;
  removeDataDir(dataDir);
});

async function start(flags: readonly string[] = []): Promise<ServerProcess> {
  server = await startServerProcess(dataDir, flags);
  return server;
}

/** A worker process of the product itself. */
function startWorker(address: string, games: number): ChildProcess {
  const script = fileURLToPath(new URL('../../dist/clients/cli/main.js', import.meta.url));
  const args = [script, 'worker', '--address', address, '--games', String(games)];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  workers.push(child);
  return child;
}

/** Plays and submits until the stream breaks; `acknowledged` gets every game that was. */
async function playUntilCut(connection: Connection, acknowledged: Map<string, Lease>): Promise<void> {
  const worker = new WorkClient(connection);
  worker.hello(4);
  const played = new Map<string, Lease>();
  const takeLeases = async (): Promise<void> => {
    for (;;) {
      const lease = await worker.next('lease');
      played.set(lease.gameId, lease);
      worker.submit(lease);
    }
  };
  const takeAnswers = async (): Promise<void> => {
    for (;;) {
      const { gameId } = await worker.next('stored');
      acknowledged.set(gameId, played.get(gameId)!);
    }
  };
  await Promise.allSettled([takeLeases(), takeAnswers()]);
}

describe('kill -9 of the server', () => {
  it('at random moments loses no acknowledged game, and the server starts where it was', async () => {
    const rng = new Rng(7);
    const acknowledged = new Map<string, Lease>();
    await createJob((await start()).connect());
    for (let round = 0; round < 6; round++) {
      const { connect, kill } = server ?? (await start());
      const before = acknowledged.size;
      const playing = [playUntilCut(connect(), acknowledged), playUntilCut(connect(), acknowledged)];
      const wanted = before + 1 + rng.int(60);
      while (acknowledged.size < wanted) await new Promise((resolve) => setImmediate(resolve));
      await kill();
      await Promise.all(playing);
      server = undefined;
    }
    const connection = (await start()).connect();
    const { jobs } = await connection.client(JobServiceDefinition).listJobs({});
    expect(jobs.map(({ state }) => state)).toEqual([JobState.RUNNING]);
    // A game that is there is acknowledged again; one that is not, and was not leased anew, would be refused.
    const worker = new WorkClient(connection);
    worker.hello(1);
    for (const lease of acknowledged.values()) worker.submit(lease);
    const found = new Set<string>();
    while (found.size < acknowledged.size) found.add((await worker.next('stored')).gameId);
    expect(found).toEqual(new Set(acknowledged.keys()));
  });

  it('in the middle of training lets the job go on from its checkpoint', async () => {
    const connection = (await start()).connect();
    const settings = { startPositions: 40, batchSize: 8, candidateSteps: 10, candidateSeconds: 0, sampleFactor: 2 };
    const { jobId } = await createJob(connection, settings);
    const cut = playUntilCut(connection, new Map());
    const before = await metricReaches(connection, jobId, 'step', 30);
    await server?.kill();
    await cut;

    const again = (await start()).connect();
    const playing = playUntilCut(again, new Map());
    expect(await metricReaches(again, jobId, 'step', before + 20)).toBeGreaterThan(before);
    const jobs = again.client(JobServiceDefinition);
    expect((await jobs.cancelJob({ jobId })).job?.state).toBe(JobState.CANCELLED);
    expect((await jobs.resumeJob({ jobId })).job?.state).toBe(JobState.RUNNING);
    await server?.kill();
    await playing;
  });

  it('three times in a row under a job that proved nothing fails that job, which is resumed by hand', async () => {
    const { jobId } = await createJob((await start()).connect());
    for (let kills = 0; kills < 3; kills++) {
      await server?.kill();
      const { log } = await start();
      // The server says that it serves before it takes up its jobs; one killed in between has no job against it.
      while (!/"job-started"|"job-not-continued"/.test(log())) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const jobs = server!.connect().client(JobServiceDefinition);
    const { job } = await jobs.getJob({ jobId });
    expect(job?.state).toBe(JobState.FAILED);
    expect(job?.error).toMatch(/^The server did not end properly 3 times in a row while this job was running/);
    expect((await jobs.resumeJob({ jobId })).job?.state).toBe(JobState.RUNNING);
    // A stop in order is no sign against the job.
    for (let stops = 0; stops < 4; stops++) {
      expect(await server?.stop()).toBe(0);
      await start();
    }
    const { job: still } = await server!.connect().client(JobServiceDefinition).getJob({ jobId });
    expect(still?.state).toBe(JobState.RUNNING);
  });

  it('lets a worker hand in, afterwards, the game it was playing', async () => {
    const first = await start();
    await createJob(first.connect());
    const worker = new WorkClient(first.connect());
    worker.hello(1);
    const lease = await worker.next('lease');
    await first.kill();
    const again = new WorkClient((await start()).connect());
    again.hello(1, 'test', [lease.leaseId]);
    again.submit(lease);
    expect((await again.next('stored')).gameId).toBe(lease.gameId);
  });
});

describe('a worker that is killed', () => {
  it('has its games given to another', async () => {
    const { address, connect, log } = await start(['--lease-seconds', '1']);
    await createJob(connect(), { visits: 100_000 });
    const killed = startWorker(address, 3);
    while (!log().includes('worker-here')) await new Promise((resolve) => setTimeout(resolve, 10));
    killed.kill('SIGKILL');
    await once(killed, 'close');

    const worker = new WorkClient(connect());
    worker.hello(1);
    const missing = new Set(['alphazero-1-0', 'alphazero-1-1', 'alphazero-1-2']);
    while (missing.size > 0) {
      const lease = await worker.next('lease');
      missing.delete(lease.gameId);
      worker.submit(lease);
    }
  });

  it('is not confused with one that only says nothing new', async () => {
    const { connect } = await start(['--lease-seconds', '0.5']);
    await createJob(connect());
    const silent = new WorkClient(connect());
    silent.hello(1, 'silent');
    const alive = new WorkClient(connect());
    alive.hello(1, 'alive');
    const lost = await silent.next('lease');
    const kept = await alive.next('lease');
    const beating = setInterval(() => alive.send({ $case: 'heartbeat', value: { games: 0 } }), 50);
    const other = new WorkClient(connect());
    other.hello(1, 'other');
    const seen: string[] = [];
    while (!seen.includes(lost.gameId)) {
      const lease = await other.next('lease');
      seen.push(lease.gameId);
      other.submit(lease);
    }
    clearInterval(beating);
    expect(seen).not.toContain(kept.gameId);
  });

  it('that gives its leases back has them played at once by others', async () => {
    const { connect } = await start();
    await createJob(connect());
    const leaving = new WorkClient(connect());
    leaving.hello(2, 'leaving');
    const given = [await leaving.next('lease'), await leaving.next('lease')].map(({ gameId }) => gameId);
    leaving.send({ $case: 'giveBack', value: { leaseIds: [] } });
    leaving.finish();
    expect(await leaving.ended()).toBeUndefined();
    const other = new WorkClient(connect());
    other.hello(2, 'other');
    expect([await other.next('lease'), await other.next('lease')].map(({ gameId }) => gameId)).toEqual(given);
  });
});

describe('SIGTERM', () => {
  it('says NOT_SERVING, ends streams in order, acknowledges what was sent, and exits with 0', async () => {
    const { connect, child, log } = await start();
    const { jobId } = await createJob(connect());
    const health = connect().client(HealthDefinition).watch({ service: '' })[Symbol.asyncIterator]();
    expect((await health.next()).value).toMatchObject({ status: 1 });
    const watching = follow(connect(), jobId);
    const worker = new WorkClient(connect());
    worker.hello(1);
    const lease = await worker.next('lease');
    worker.submit(lease);
    const exited = once(child, 'close');
    child.kill('SIGTERM');
    expect((await health.next()).value).toMatchObject({ status: 2 });
    expectError(await worker.ended(), Status.UNAVAILABLE, /The server is stopping/);
    expectError(await watching, Status.UNAVAILABLE, /The server is stopping/);
    expect(await exited).toEqual([0, null]);
    expect(log()).toMatch(/"stopped"/);

    const { jobs } = await (await start()).connect().client(JobServiceDefinition).listJobs({});
    expect(jobs[0]?.state).toBe(JobState.RUNNING);
  });

  it('does not let a second server into the data directory before', async () => {
    await start();
    expect(await startRefused(dataDir, [])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/in use by another server/) as string,
    });
  });
});

/** Watches a job until a metric reaches a value. */
async function metricReaches(connection: Connection, jobId: string, name: string, value: number): Promise<number> {
  const seen = connection.client(JobServiceDefinition).watchJob({ jobId, afterSequence: 0 });
  for await (const { progress, state } of seen) {
    const metric = progress?.metrics[name] ?? -1;
    if (metric >= value) return metric;
    expect(state).toBe(JobState.RUNNING);
  }
  throw new Error(`The job ended before ${name} reached ${value}`);
}

/** What following a job ends with. */
async function follow(connection: Connection, jobId: string): Promise<unknown> {
  try {
    for await (const message of connection.client(JobServiceDefinition).watchJob({ jobId, afterSequence: 0 })) {
      expect(message.state).toBe(JobState.RUNNING);
    }
    return undefined;
  } catch (error) {
    return error;
  }
}
