/** Sessions of a server under load, each traced, on one data folder. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, openSync, readSync, fstatSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../src/core/errors.js';
import { delay } from '../../src/core/signals.js';
import type { Rng } from '../../src/core/rng.js';
import { Crew } from '../faults/crew.js';
import { Ledger } from '../faults/ledger.js';
import { Load } from '../faults/load.js';
import { startServer } from '../processes/tengen.js';
import { type Call, readTrace, tracer } from './trace.js';

const serverFlags = ['--threads', '1', '--log-level', 'warn', '--lease-seconds', '30'];
/** Added to every sync, in ms: what is acknowledged too early is so by at least this. */
const SYNC_DELAY_MS = 3;

export interface Recording {
  /** The folder that the replay begins with, which was empty. */
  readonly root: string;
  /** Below it: the data folder. */
  readonly dataName: string;
  readonly sessions: readonly (readonly Call[])[];
  readonly ledger: Ledger;
  /** When the first session began, ms since 1970 UTC. */
  readonly beginMs: number;
  readonly endMs: number;
}

/** @throws AppError 'failed-precondition' if strace is not there, or may not trace */
export function checkTracer(): void {
  const { status, error, stderr } = spawnSync(
    'strace',
    ['-f', '--seccomp-bpf', '-o', '/dev/null', process.execPath, '-e', '0'],
    {
      encoding: 'utf8',
    },
  );
  if (status === 0) return;
  const reason = error ? error.message : stderr.trim();
  throw new AppError('failed-precondition', `The program strace, 5.3 or newer, is needed and did not run: ${reason}`);
}

/** Records sessions of so many seconds of load; the first and every other one ends by SIGKILL, the rest by SIGTERM. */
export async function record(
  folder: string,
  options: { readonly sessions: number; readonly seconds: number; readonly rng: Rng },
): Promise<Recording> {
  checkTracer();
  const { sessions, seconds, rng } = options;
  const root = join(folder, 'disk');
  const dataDir = join(root, 'data');
  mkdirSync(root, { recursive: true });
  const ledger = new Ledger();
  const load = new Load(ledger, rng);
  const recorded: Call[][] = [];
  const beginMs = Date.now();
  for (let session = 0; session < sessions; session++) {
    const trace = join(folder, `trace-${session}`);
    const traced = { log: join(folder, 'server.log'), wrapper: tracer(trace, SYNC_DELAY_MS) };
    const { server, address } = await startServer(dataDir, serverFlags, traced);
    const crew = new Crew(folder, address, { workers: 1, rng });
    const life = new AbortController();
    const loading = load.run(address, life.signal);
    try {
      await Promise.race([server.ended(), delay(seconds * 1000)]);
      if (!server.isRunning)
        throw new AppError('internal', `The server ended by itself: ${String(await server.ended())}`);
      await server.end(session % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
    } finally {
      life.abort();
      await Promise.all([loading, crew.stop()]);
    }
    crew.readLogs(ledger);
    await endOfTrace(trace, server.pid);
    recorded.push(await readTrace(trace));
  }
  return { root, dataName: 'data', sessions: recorded, ledger, beginMs, endMs: Date.now() };
}

/** The tracer writes on for a moment after the program is gone. */
async function endOfTrace(file: string, pid: number): Promise<void> {
  const end = new RegExp(`^${pid} .*\\+\\+\\+ (exited|killed)`, 'm');
  while (!end.test(lastBytes(file, 4096))) await delay(20);
}

function lastBytes(path: string, count: number): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(count);
    const read = readSync(file, bytes, 0, count, Math.max(0, fstatSync(file).size - count));
    return bytes.toString('latin1', 0, read);
  } finally {
    closeSync(file);
  }
}
