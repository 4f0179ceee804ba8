/** Self-play of a job on a server of its own, both processes recorded: what `bench -- self-play` and `-- profile` look at. */

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '../../clients/shared/connection.js';
import { AppError } from '../../src/core/errors.js';
import { JobServiceDefinition, type WatchJobResponse } from '../../src/proto/tengen/v1/job.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { Precision } from '../../src/proto/tengen/v1/precision.js';
import { answer, ask } from '../evaluator/child.js';
import { startDelayProxy } from '../shared/delay-proxy.js';
import type { ProcessRecording, Recorded, Used } from './recording.js';

export interface PlayOptions {
  /** Of the server. */
  readonly server: Readonly<Record<string, unknown>>;
  /** Of the alphazero job. */
  readonly job: Readonly<Record<string, unknown>>;
  /** `auto` calibrates the network for eight bits while it plays; `fp32` does not. */
  readonly precision: 'auto' | 'fp32';
  /** Games at once; `auto` for as many as the worker chooses. */
  readonly games: number | 'auto';
  /** Milliseconds that every packet between worker and server takes each way; none if left out. */
  readonly delayMs?: number;
  /** Time before anything is counted. */
  readonly warmupSeconds: number;
  readonly seconds: number;
}

export interface Played {
  readonly positionsPerSecond: number;
  readonly gamesPerSecond: number;
  readonly server: ProcessRecording;
  readonly worker: ProcessRecording;
}

interface Count {
  readonly atMs: number;
  readonly games: number;
  readonly positions: number;
}

export async function play(options: PlayOptions): Promise<Played> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tengen-self-play-'));
  const children: ChildProcess[] = [];
  const closing: (() => void)[] = [];
  const start = async (script: string, args: readonly string[]): Promise<[ChildProcess, unknown]> => {
    // Typed arrays come back as they are.
    const child = fork(new URL(script, import.meta.url), args, { serialization: 'advanced' });
    children.push(child);
    return [child, await answer(child)];
  };
  try {
    const [server, address] = await start('./server.js', [JSON.stringify({ ...options.server, dataDir })]);
    const connection = new Connection({ address: address as string });
    const jobs = connection.client(JobServiceDefinition);
    const configJson = JSON.stringify(options.job);
    const { job } = await jobs.createJob({ kind: 'alphazero', model: 'bench', configJson });
    if (!job) throw new AppError('internal', 'The server made no job');
    if (options.precision === 'fp32') await serveInFloats(connection);
    const proxy = options.delayMs ? await startDelayProxy(address as string, options.delayMs) : undefined;
    closing.push(() => proxy?.close());
    const [worker] = await start('./worker.js', [proxy?.address ?? (address as string), String(options.games)]);
    const processes = [server, worker] as const;
    const progress = jobs.watchJob({ jobId: job.jobId })[Symbol.asyncIterator]();
    const first = await countAfter(progress, Date.now() + options.warmupSeconds * 1000);
    const from = (await Promise.all(processes.map((child) => ask(child, { kind: 'begin' })))) as Used[];
    const last = await countAfter(progress, first.atMs + options.seconds * 1000);
    // The worker first: it gives its games back to a server that is still there.
    const ends = [(await ask(worker, { kind: 'end' })) as Recorded, (await ask(server, { kind: 'end' })) as Recorded];
    connection.close();
    await Promise.all(processes.map((child) => leave(child)));
    const [played, served] = ends as [Recorded, Recorded];
    const seconds = (last.atMs - first.atMs) / 1000;
    return {
      positionsPerSecond: (last.positions - first.positions) / seconds,
      gamesPerSecond: (last.games - first.games) / seconds,
      server: { ...served, from: from[0]!, to: served.used },
      worker: { ...played, from: from[1]!, to: played.used },
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    for (const close of closing) close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** As soon as the job has stored the first version, which is before anybody evaluates anything. */
async function serveInFloats(connection: Connection): Promise<void> {
  const models = connection.client(ModelServiceDefinition);
  for (let attempt = 0; ; attempt++) {
    try {
      await models.setPrecision({ name: 'bench', precision: Precision.FP32 });
      return;
    } catch (error) {
      if (attempt === 100) throw error;
      await delay(50);
    }
  }
}

/** Lets a process end by itself, so that Node writes its profile if it was asked for one. */
async function leave(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.disconnect();
  await gone;
}

/** The job's counts at its first progress from a time on, in ms since 1970 UTC. */
async function countAfter(points: AsyncIterator<WatchJobResponse>, fromMs: number): Promise<Count> {
  for (let point = await points.next(); !point.done; point = await points.next()) {
    const { progress } = point.value;
    const { games, positions } = progress?.metrics ?? {};
    if (!progress || games === undefined || positions === undefined || progress.timeMs < fromMs) continue;
    return { atMs: progress.timeMs, games, positions };
  }
  throw new AppError('internal', 'The job ended before it was measured');
}
