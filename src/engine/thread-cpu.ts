/** Processor time of the calling thread; Node 20 itself tells it for processes only. */

import { readFileSync } from 'node:fs';

/** Milliseconds that the calling thread has run on a processor; undefined where the system is not Linux. */
export function threadCpuMs(): number | undefined {
  try {
    // "ran waited slices", the first two in nanoseconds (Documentation/scheduler/sched-stats.rst).
    const nanoseconds = Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]);
    return Number.isFinite(nanoseconds) ? nanoseconds / 1e6 : undefined;
  } catch {
    return undefined;
  }
}
