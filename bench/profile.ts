/**
 * A job as it runs, self-play and training, for a short time, recorded by stage: where the processor time of all processes
 * goes, and a trace for Perfetto, chrome://tracing or speedscope (docs/profiling.md).
 */

import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { writeTrace } from '../clients/cli/profile-file.js';
import type { Stage, ThreadTrace } from '../src/core/trace.js';
import { play } from './self-play/play.js';
import { playFlags, readNumbers, readPrecision } from './self-play/settings.js';
import { sharesOf } from './self-play/shares.js';

/**
 * Keys: `trace` (the file), the shares of bench/self-play/shares.ts, queueMs and evaluationMs (mean time that a request
 * waits for its batch, and a group of games for its evaluations), positionsAPart (batches are cut into parts).
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      ...playFlags,
      visits: { type: 'string', default: '20' },
      precision: { type: 'string', default: 'auto' },
      seconds: { type: 'string', default: '15' },
      trace: { type: 'string', default: 'bench/work/profile.json' },
    },
  });
  const { trace, precision, ...flags } = values;
  const { games, threads, seconds, ...network } = readNumbers(flags);
  mkdirSync(dirname(trace), { recursive: true });
  const file = openSync(trace, 'w');
  try {
    const job = { ...network, seed: 1, minutes: 0, startPositions: 300 };
    const played = await play({
      server: { threads },
      job,
      precision: readPrecision(precision),
      games,
      warmupSeconds: 0,
      seconds,
    });
    const { server, worker } = played;
    writeTrace(file, [server, worker]);
    const shares = Object.entries(sharesOf(played)).map(([stage, share]) => [stage, rounded(share as number)]);
    const sessions = server.threads.filter(({ thread }) => thread.startsWith('session'));
    return {
      ...network,
      games,
      threads,
      precision,
      seconds,
      trace,
      ...(Object.fromEntries(shares) as Record<string, number>),
      queueMs: mean([server.threads[0]!], 'queue', 'ms'),
      evaluationMs: mean([worker.threads[0]!], 'evaluation', 'ms'),
      positionsAPart: mean(sessions, 'network', 'items'),
    };
  } finally {
    closeSync(file);
  }
}

/** Mean of a stage's spans over threads. */
function mean(threads: readonly ThreadTrace[], stage: Stage, of: 'ms' | 'items'): number {
  const totals = threads.flatMap((thread) => thread.totals[stage] ?? []);
  const sum = (key: 'spans' | 'ms' | 'items'): number => totals.reduce((before, total) => before + total[key], 0);
  return rounded(sum(of) / sum('spans'));
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
