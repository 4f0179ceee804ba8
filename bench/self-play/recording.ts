/** A process that records itself until it is told to stop, and what it then reports to the benchmark. */

import { performance } from 'node:perf_hooks';
import { readTraces, startTrace, type ProcessTrace } from '../../src/core/trace.js';

/** A process and where its time went. */
export interface ProcessRecording extends ProcessTrace {
  /** Processor time of the process since it began to record, all its threads, in ms. */
  readonly cpuMs: number;
  /** Time in which its main thread did not wait for anything, in ms. */
  readonly busyMs: number;
}

/** Runs `work` recorded; any message of the parent settles `stop`, and the recording goes to the parent at the end. */
export async function record(name: string, work: (stop: Promise<unknown>) => Promise<void>): Promise<void> {
  startTrace('main');
  const cpu = process.cpuUsage();
  const loop = performance.eventLoopUtilization();
  process.on('disconnect', () => process.exit());
  await work(new Promise((resolve) => process.once('message', resolve)));
  const { user, system } = process.cpuUsage(cpu);
  const recording: ProcessRecording = {
    ...{ process: name, pid: process.pid, threads: readTraces() },
    cpuMs: (user + system) / 1000,
    busyMs: performance.eventLoopUtilization(loop).active,
  };
  process.send?.(recording);
}
