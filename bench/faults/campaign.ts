/** Server after server on one data folder, each killed under load, and the folder held against what was acknowledged. */

import { mkdirSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { Connection } from '../../clients/shared/connection.js';
import { AppError } from '../../src/core/errors.js';
import { delay } from '../../src/core/signals.js';
import type { Rng } from '../../src/core/rng.js';
import { JobServiceDefinition } from '../../src/proto/tengen/v1/job.js';
import { startServer, type Tengen } from '../processes/tengen.js';
import { Crew } from './crew.js';
import { Findings } from './findings.js';
import { serverPoints } from './kill-points.js';
import { PLAYED } from './job-load.js';
import { Ledger } from './ledger.js';
import { Load } from './load.js';

const aim = new URL('./aim.js', import.meta.url);
const serverFlags = ['--threads', '1', '--log-level', 'warn', '--lease-seconds', '30'];
/** Longest life of a server after it serves, in ms. */
const LIFE_MS = 6000;
/** Between two kills of workers, in ms. */
const WORKER_MS = 12_000;
/** Time that the job that trains has to get on at the end, in ms. */
const LAST_MS = 120_000;

/** How long to go on: until the time is over, or there were so many kills. */
export interface CampaignOptions {
  /** Keeps the data folder, the ledger and the logs. */
  readonly folder: string;
  readonly endMs: number;
  readonly kills: number;
  readonly rng: Rng;
}

export interface CampaignResult {
  readonly findings: Findings;
  readonly ledger: Ledger;
  readonly serverKills: number;
  /** Of these, at a moment of writing that was aimed at. */
  readonly aimedKills: number;
  readonly workerKills: number;
  readonly surprises: number;
}

/** Runs it. @throws AppError if the server ends otherwise than by a kill */
export async function runCampaign({ folder, endMs, kills, rng }: CampaignOptions): Promise<CampaignResult> {
  mkdirSync(folder, { recursive: true });
  const dataDir = join(folder, 'data');
  const ledger = new Ledger(join(folder, 'ledger.jsonl'));
  const findings = new Findings(ledger, dataDir);
  const port = await freePort();
  const load = new Load(ledger, rng.fork(1));
  const crew = new Crew(folder, `127.0.0.1:${port}`, { workers: 2, rng: rng.fork(2) });
  const deaths = rng.fork(3);
  const options = { log: join(folder, 'server.log'), preload: aim };
  const flags = [...serverFlags, '--port', String(port)];
  let [serverKills, aimedKills] = [0, 0];
  const over = new AbortController();
  void killWorkers(crew, rng.fork(4), over.signal).catch(() => undefined);
  try {
    while (Date.now() < endMs && serverKills + crew.kills < kills) {
      const target =
        deaths.float() < 0.7 ? `${serverPoints[deaths.int(serverPoints.length)]!}:${1 + deaths.int(30)}` : '';
      const started = await startServer(dataDir, flags, { ...options, env: { KILL_AT: target } }).catch(asKilled);
      if (started) {
        const patience = target === '' ? deaths.float() * LIFE_MS : LIFE_MS;
        if (await liveAndDie(started, load, patience)) aimedKills++;
      } else aimedKills++;
      serverKills++;
      crew.readLogs(ledger);
      findings.look();
    }
    const { server, address } = await startServer(dataDir, flags, options);
    await getsOn(address, findings);
    over.abort();
    await crew.stop();
    const code = await server.end('SIGTERM');
    if (code !== 0) findings.lost.add(`The server ended with ${String(code)} instead of 0`);
    crew.readLogs(ledger);
    findings.look();
    await findings.check();
  } finally {
    over.abort();
    await crew.stop();
  }
  const surprises = load.surprises.length + crew.failures;
  return { findings, ledger, serverKills, aimedKills, workerKills: crew.kills, surprises };
}

/** A server may be killed before it serves. @throws what else its start failed of */
function asKilled(error: unknown): undefined {
  if (AppError.from(error).message.includes('(SIGKILL)')) return undefined;
  throw error;
}

/** @returns whether the server died by itself, where it was aimed at, before the time was over */
async function liveAndDie(
  { server, address }: { readonly server: Tengen; readonly address: string },
  load: Load,
  lifeMs: number,
): Promise<boolean> {
  const life = new AbortController();
  const loading = load.run(address, life.signal);
  const dying = server.ended();
  await Promise.race([dying, delay(lifeMs, life.signal).catch(() => undefined)]);
  const isHit = !server.isRunning;
  const end = await server.end('SIGKILL');
  life.abort();
  await loading;
  if (end !== 'SIGKILL') throw new AppError('internal', `The server ended by itself: ${String(end)}`);
  return isHit;
}

/** Until `signal` aborts, which it rejects with. */
async function killWorkers(crew: Crew, rng: Rng, signal: AbortSignal): Promise<void> {
  for (;;) {
    await delay(WORKER_MS * (0.25 + rng.float()), signal);
    crew.kill();
  }
}

/** The job that trains goes on after all that. */
async function getsOn(address: string, findings: Findings): Promise<void> {
  const connection = new Connection({ address });
  try {
    const jobs = connection.client(JobServiceDefinition);
    const { jobs: all } = await jobs.listJobs({});
    const job = all.find(({ model }) => model === PLAYED);
    if (!job) return;
    await jobs.resumeJob({ jobId: job.jobId });
    const before = job.metrics['games'] ?? 0;
    const end = Date.now() + LAST_MS;
    while (Date.now() < end) {
      await delay(100);
      const now = (await jobs.getJob({ jobId: job.jobId })).job?.metrics['games'] ?? 0;
      if (now > before) return;
    }
    findings.lost.add(`The job ${job.jobId} does not go on from ${before} games`);
  } finally {
    connection.close();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
