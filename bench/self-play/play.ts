/** Self-play of a job on a server of its own, both processes recorded: what `bench -- self-play` and `-- profile` look at. */

import { fork, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'nice-grpc';
import { Connection } from '../../clients/shared/connection.js';
import { AppError } from '../../src/core/errors.js';
import { JobServiceDefinition } from '../../src/proto/tengen/v1/job.js';
import { answer, ask } from '../evaluator/child.js';
import type { ProcessRecording } from './recording.js';

/** What is played. */
export interface PlayOptions {
  /** Of the server. */
  readonly server: Readonly<Record<string, unknown>>;
  /** Of the alphazero job. */
  readonly job: Readonly<Record<string, unknown>>;
  /** Games at once. */
  readonly games: number;
  /** Time before anything is counted. */
  readonly warmupSeconds: number;
  readonly seconds: number;
}

/** What came of it. */
export interface Played {
  readonly positionsPerSecond: number;
  readonly gamesPerSecond: number;
  /** The server's and the worker's, from their first moment to their last. */
  readonly server: ProcessRecording;
  readonly worker: ProcessRecording;
}

interface Count {
  readonly atMs: number;
  readonly games: number;
  readonly positions: number;
}

/** Plays for the time given. */
export async function play(options: PlayOptions): Promise<Played> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tengen-self-play-'));
  const children: ChildProcess[] = [];
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
    const [worker] = await start('./worker.js', [address as string, String(options.games)]);
    const [first, last] = await counts(jobs, job.jobId, options);
    connection.close();
    const seconds = (last.atMs - first.atMs) / 1000;
    return {
      positionsPerSecond: (last.positions - first.positions) / seconds,
      gamesPerSecond: (last.games - first.games) / seconds,
      worker: (await ask(worker, { kind: 'stop' })) as ProcessRecording,
      server: (await ask(server, { kind: 'stop' })) as ProcessRecording,
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** The job's counts at its first progress after the warm-up, and at the first after the time measured. */
async function counts(
  jobs: Client<typeof JobServiceDefinition>,
  jobId: string,
  { warmupSeconds, seconds }: PlayOptions,
): Promise<[Count, Count]> {
  const leave = new AbortController();
  const started = Date.now();
  let first: Count | undefined;
  for await (const { progress } of jobs.watchJob({ jobId }, { signal: leave.signal })) {
    const { games, positions } = progress?.metrics ?? {};
    if (!progress || games === undefined || positions === undefined) continue;
    const now: Count = { atMs: progress.timeMs, games, positions };
    if (!first && now.atMs - started >= warmupSeconds * 1000) first = now;
    else if (first && now.atMs - first.atMs >= seconds * 1000) return [first, now];
  }
  throw new AppError('internal', 'The job ended before it was measured');
}
