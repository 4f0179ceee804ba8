/**
 * Two hours of everything at once: a server whose job trains, 64 self-play workers with a connection each, and somebody who
 * analyses all the time. What is looked for is memory that grows without end.
 */

import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Connection } from '../clients/shared/connection.js';
import { AppError, check } from '../src/core/errors.js';
import { type Job, JobServiceDefinition, JobState } from '../src/proto/tengen/v1/job.js';
import { ModelServiceDefinition } from '../src/proto/tengen/v1/model.js';
import { startServer, type Tengen } from './processes/tengen.js';
import { analyze, type Analyses } from './soak/analyst.js';
import { memoryGrowth, type MemorySample, residentBytes } from './soak/memory.js';
import { WorkerProcesses } from './soak/worker-processes.js';

const MODEL = 'soak';
const SIZE = 7;
/** How long clients may take to leave. */
const MOST_LEAVING_MS = 120_000;
/** What has an end is small, so that it is full early: the replay window, the versions loaded, the cache. */
const serverFlags = ['--log-level', 'warn', '--loaded-versions', '8', '--cache-megabytes', '16'];
const job = {
  size: SIZE,
  blocks: 2,
  channels: 16,
  visits: 8,
  minutes: 0,
  schedule: 'constant',
  sampleFactor: 1,
  windowMin: 10_000,
  windowExponent: 0,
  windowScale: 0.01,
  candidateSeconds: 30,
  ratingGames: 8,
};

/** `--samples` keeps the samples in a file as they are taken; `--report` computes the growth from such a file. */
const options = {
  minutes: { type: 'string', default: '120' },
  workers: { type: 'string', default: '64' },
  processes: { type: 'string', default: '4' },
  games: { type: 'string', default: '2' },
  every: { type: 'string', default: '5' },
  samples: { type: 'string' },
  report: { type: 'string' },
} as const;

/**
 * Keys: `growth`, how far the mean resident memory of the last quarter lies above that of the quarter before, as a share;
 * `quarterMegabytes`, the four means; `errors`, everything that went wrong; and how much was done.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({ args, options });
  if (values.report !== undefined) return summary(readSamples(values.report));
  const [minutes, workers, processes, games, every] = (
    ['minutes', 'workers', 'processes', 'games', 'every'] as const
  ).map((name) => {
    check(Number(values[name]) > 0, () => `--${name} is '${values[name]}'; it must be a number above 0`);
    return Number(values[name]);
  }) as [number, number, number, number, number];
  check(values.samples === undefined || !existsSync(values.samples), () => `'${values.samples!}' is there already`);
  const dataDir = mkdtempSync(join(tmpdir(), 'tengen-soak-'));
  const { server, address } = await startServer(dataDir, serverFlags);
  const connection = new Connection({ address });
  const crew = new WorkerProcesses(address, { workers, processes, games });
  const analyses: Analyses = { positions: 0, errors: 0 };
  const leaving = new AbortController();
  try {
    const jobs = connection.client(JobServiceDefinition);
    const { job: created } = await jobs.createJob({ kind: 'alphazero', model: MODEL, configJson: JSON.stringify(job) });
    await untilThere(connection, MODEL);
    const analysing = analyze({ address, model: MODEL, size: SIZE, signal: leaving.signal }, analyses);
    const samples = await watch(server, { minutes, every, file: values.samples });
    const { job: last } = await jobs.getJob({ jobId: created!.jobId });
    leaving.abort();
    // On a machine that is busy with other things a search or a game may take long to end; what counts is measured.
    const ended = Promise.all([analysing, crew.stop()]).then(() => true);
    const inTime = await Promise.race([ended, delay(MOST_LEAVING_MS, false, { ref: false })]);
    connection.close();
    const exit = await server.end('SIGTERM');
    const { refused, disconnected, restarts, ...played } = crew.total;
    const errors =
      refused +
      disconnected +
      restarts +
      analyses.errors +
      [inTime, exit === 0, isRunning(last)].filter((ok) => !ok).length;
    return {
      ...summary(samples),
      errors,
      restarts,
      ...played,
      trainingSteps: last?.metrics['step'] ?? 0,
      analyses: analyses.positions,
      workers,
      size: SIZE,
    };
  } finally {
    leaving.abort();
    crew.kill();
    await server.end('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Waits until the job has stored its first version. */
async function untilThere(connection: Connection, model: string): Promise<void> {
  const models = connection.client(ModelServiceDefinition);
  for (;;) {
    if ((await models.listModels({ name: model })).models.length > 0) return;
    await delay(100);
  }
}

function isRunning(job: Job | undefined): boolean {
  return job?.state === JobState.RUNNING;
}

/** Samples until the time is over. @throws AppError if the server ends */
async function watch(
  server: Tengen,
  options: { readonly minutes: number; readonly every: number; readonly file: string | undefined },
): Promise<MemorySample[]> {
  const samples: MemorySample[] = [];
  const end = Date.now() + options.minutes * 60_000;
  for (;;) {
    if (!server.isRunning) throw new AppError('unavailable', `The server ended: ${String(await server.ended())}`);
    const sample = { atMs: Date.now(), rssBytes: residentBytes(server.pid) };
    samples.push(sample);
    if (options.file !== undefined) appendFileSync(options.file, `${JSON.stringify(sample)}\n`);
    if (sample.atMs >= end) return samples;
    await delay(Math.min(options.every * 1000, end - sample.atMs));
  }
}

function readSamples(file: string): MemorySample[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as MemorySample);
}

function summary(samples: readonly MemorySample[]): Record<string, unknown> {
  const { growth, quarterMegabytes } = memoryGrowth(samples);
  const minutes = (samples.at(-1)!.atMs - samples[0]!.atMs) / 60_000;
  return {
    growth: Math.round(growth * 10_000) / 10_000,
    quarterMegabytes,
    minutes: Math.round(minutes * 10) / 10,
    samples: samples.length,
  };
}
