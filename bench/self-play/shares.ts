/** Processor time by stage: what every thread recorded, scaled from time on the wall to time on a processor. */

import { check } from '../../src/core/errors.js';
import { sum } from '../../src/core/statistics.js';
import { stages, type Stage, type ThreadTrace } from '../../src/core/trace.js';
import type { Played } from './play.js';
import type { ProcessRecording } from './recording.js';

/** Shares of the processor time of both processes; they add up to 1. */
export interface Shares {
  /** Running the network, in the session threads. */
  readonly network: number;
  /** Positions to features, and outputs into shared memory, in the session threads. */
  readonly features: number;
  readonly outputs: number;
  /** Loading and compiling models. */
  readonly load: number;
  /** Messages to positions and evaluations to messages, in the server's main thread. */
  readonly decode: number;
  readonly encode: number;
  /** The server otherwise: gRPC, batches, cache, store, garbage, games taken into training. */
  readonly serverRest: number;
  /** Tree search and board, in the worker. */
  readonly search: number;
  /** Messages, in the worker. */
  readonly workerDecode: number;
  readonly workerEncode: number;
  readonly workerRest: number;
  /** The training thread: drawing batches, steps. The games that it takes in are left to `serverRest`. */
  readonly batch: number;
  readonly step: number;
}

/** The shares between `from` and `to`. */
export function sharesOf({ server, worker }: Pick<Played, 'server' | 'worker'>): Shares {
  const total = cpuBetween(server) + cpuBetween(worker);
  const sessions = server.threads.filter(({ thread }) => thread.startsWith('session'));
  const training = server.threads.filter(({ thread }) => thread === 'training');
  const share = (threads: readonly ThreadTrace[], stage?: Stage): number =>
    sum(threads.map((thread) => processorMs(thread, spanned(server, thread, stage).ms))) / total;
  const [network, features, outputs, load] = (['network', 'features', 'outputs', 'load'] as const).map((stage) =>
    share(sessions, stage),
  ) as [number, number, number, number];
  const [batch, step] = [share(training, 'batch'), share(training, 'step')];
  const serving = mainShares(server, cpuBetween(server) - total * (share(sessions) + share(training)), total);
  const playing = mainShares(worker, cpuBetween(worker), total);
  const [decode, encode] = [serving.of('decode'), serving.of('encode')];
  const [search, workerDecode, workerEncode] = [playing.of('search'), playing.of('decode'), playing.of('encode')];
  return {
    network,
    features,
    outputs,
    load,
    batch,
    step,
    decode,
    encode,
    serverRest: serving.all - decode - encode,
    search,
    workerDecode,
    workerEncode,
    workerRest: playing.all - search - workerDecode - workerEncode,
  };
}

/**
 * Positions that the network evaluated, a second, and the processor time of both processes for each, in µs, which other work
 * on the machine hardly changes. Positions that the cache knew are not among them.
 */
export function evaluationFigures({ server, worker }: Pick<Played, 'server' | 'worker'>): {
  readonly perSecond: number;
  readonly processorMicros: number;
} {
  const items = sum(server.threads.map((thread) => spanned(server, thread, 'network').items));
  const ms = server.to.atMs - server.from.atMs;
  const cpuMs = cpuBetween(server) + cpuBetween(worker);
  return { perSecond: (items / ms) * 1000, processorMicros: (cpuMs / items) * 1000 };
}

/** The main thread of a process that has used `cpuMs` between `from` and `to`, as shares of `totalMs`. */
function mainShares(
  recording: ProcessRecording,
  cpuMs: number,
  totalMs: number,
): { readonly all: number; readonly of: (stage: Stage) => number } {
  const { from, to, threads } = recording;
  const scale = cpuMs / (to.busyMs - from.busyMs);
  return { all: cpuMs / totalMs, of: (stage) => (scale * spanned(recording, threads[0]!, stage).ms) / totalMs };
}

function cpuBetween({ from, to }: ProcessRecording): number {
  return to.cpuMs - from.cpuMs;
}

/** The processor time of `ms` on the wall: where a thread waits for a processor, its spans are longer than what it used. */
function processorMs(thread: ThreadTrace, ms: number): number {
  const wall = thread.busyMs ?? sum(Object.values(thread.totals).map((total) => total.ms));
  return thread.cpuMs === undefined ? ms : (ms * thread.cpuMs) / wall;
}

/** Sums over the spans of one stage, or of all, that began between `from` and `to`. */
function spanned(
  { from, to }: ProcessRecording,
  { thread, stage, startMs, ms, items, totals }: ThreadTrace,
  name?: Stage,
): { readonly ms: number; readonly items: number } {
  const spans = sum(Object.values(totals).map((total) => total.spans));
  check(
    spans === stage.length || startMs[0]! <= from.atMs,
    () => `Thread '${thread}' kept too few of its ${spans} spans`,
  );
  const sums = { ms: 0, items: 0 };
  for (let i = 0; i < stage.length; i++) {
    if (startMs[i]! < from.atMs || startMs[i]! >= to.atMs) continue;
    if (name && stages[stage[i]!] !== name) continue;
    sums.ms += ms[i]!;
    sums.items += items[i]!;
  }
  return sums;
}
