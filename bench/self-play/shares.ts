/** Processor time by stage: what every thread recorded, scaled from time on the wall to time on a processor. */

import type { Stage, ThreadTrace } from '../../src/core/trace.js';
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
  /** The server otherwise: gRPC, batches, cache, store, garbage. */
  readonly serverRest: number;
  /** Tree search and board, in the worker. */
  readonly search: number;
  /** Messages, in the worker. */
  readonly workerDecode: number;
  readonly workerEncode: number;
  readonly workerRest: number;
  /** The training thread: drawing batches, steps, and the games that it takes. */
  readonly batch: number;
  readonly step: number;
  readonly trainingRest: number;
}

/** The shares of what was played. */
export function sharesOf({ server, worker }: Pick<Played, 'server' | 'worker'>): Shares {
  const total = server.cpuMs + worker.cpuMs;
  const sessions = server.threads.filter(({ thread }) => thread.startsWith('session'));
  const training = server.threads.filter(({ thread }) => thread === 'training');
  const threadsMs = sum([...sessions, ...training].map(cpuOf));
  // Where threads wait for a processor, a span is longer than what it used.
  const of = (threads: readonly ThreadTrace[], stage: Stage): number =>
    sum(threads.map((thread) => (cpuOf(thread) * wallOf(thread, stage)) / (thread.busyMs ?? wallOf(thread)))) / total;
  const session = (stage: Stage): number => of(sessions, stage);
  const serving = mainShares(server, server.cpuMs - threadsMs, total);
  const playing = mainShares(worker, worker.cpuMs, total);
  const [decode, encode] = [serving.of('decode'), serving.of('encode')];
  const [search, workerDecode, workerEncode] = [playing.of('search'), playing.of('decode'), playing.of('encode')];
  const [batch, step] = [of(training, 'batch'), of(training, 'step')];
  return {
    ...{ network: session('network'), features: session('features') },
    ...{ outputs: session('outputs'), load: session('load') },
    ...{ decode, encode, serverRest: serving.all - decode - encode },
    ...{ search, workerDecode, workerEncode, workerRest: playing.all - search - workerDecode - workerEncode },
    ...{ batch, step, trainingRest: sum(training.map(cpuOf)) / total - batch - step },
  };
}

/** The main thread of a process that has used `cpuMs`, as shares of `totalMs`. */
function mainShares(
  { threads, busyMs }: ProcessRecording,
  cpuMs: number,
  totalMs: number,
): { readonly all: number; readonly of: (stage: Stage) => number } {
  const scale = cpuMs / busyMs;
  return { all: cpuMs / totalMs, of: (stage) => (scale * wallOf(threads[0]!, stage)) / totalMs };
}

/** Time on the wall of one stage, or of all. */
function wallOf({ totals }: ThreadTrace, stage?: Stage): number {
  if (stage) return totals[stage]?.ms ?? 0;
  return sum(Object.values(totals).map(({ ms }) => ms));
}

/** Without a system that tells it, a thread's processor time is what its spans took. */
function cpuOf(thread: ThreadTrace): number {
  return thread.cpuMs ?? wallOf(thread);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
