/**
 * A process that records itself. Its parent sends it two messages: the first begins the stretch that is measured, and the
 * second ends it and the work; both are answered by the processor time until then, the second with all that was recorded.
 */

import { performance } from 'node:perf_hooks';
import { readTraces, startTrace, type ProcessTrace } from '../../src/core/trace.js';

/** Spans kept of a main thread: enough for minutes. */
const CAPACITY = 1_000_000;

/** What a process has used until a moment. */
export interface Used {
  /** Milliseconds since 1970 UTC. */
  readonly atMs: number;
  /** Processor time of all its threads, in ms. */
  readonly cpuMs: number;
  /** Time in which its main thread did not wait for anything, in ms. */
  readonly busyMs: number;
}

/** A process and where its time went. */
export interface ProcessRecording extends ProcessTrace {
  readonly from: Used;
  readonly to: Used;
}

/** The answer to the second message. */
export interface Recorded extends ProcessTrace {
  readonly used: Used;
}

/** Runs `work` recorded; `stop` settles with the second message. */
export async function record(name: string, work: (stop: Promise<void>) => Promise<void>): Promise<void> {
  startTrace('main', CAPACITY);
  process.on('disconnect', () => process.exit());
  let end: Used | undefined;
  const stopped = new Promise<void>((resolve) => {
    process.once('message', () => {
      process.once('message', () => {
        end = used();
        resolve();
      });
      process.send?.(used());
    });
  });
  await work(stopped);
  const recorded: Recorded = { process: name, pid: process.pid, threads: readTraces(), used: end ?? used() };
  process.send?.(recorded);
}

function used(): Used {
  const { user, system } = process.cpuUsage();
  const atMs = performance.timeOrigin + performance.now();
  return { atMs, cpuMs: (user + system) / 1000, busyMs: performance.eventLoopUtilization().active };
}
