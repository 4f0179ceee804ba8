/** Resident memory over time. */

import { readFileSync } from 'node:fs';
import { mean } from '../shared/statistics.js';

/** Memory at a moment. */
export interface MemorySample {
  /** Milliseconds since 1970 UTC. */
  readonly atMs: number;
  readonly rssBytes: number;
}

/** Resident memory of a process now. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

/** The means of the four quarters of the time, in MiB, and how far the last lies above the one before, as a share. */
export function memoryGrowth(samples: readonly MemorySample[]): { quarterMegabytes: number[]; growth: number } {
  const start = samples[0]!.atMs;
  const quarterMs = (samples.at(-1)!.atMs - start) / 4;
  const means = [0, 1, 2, 3].map((quarter) => {
    const of = samples.filter(({ atMs }) => Math.min(3, Math.floor((atMs - start) / quarterMs)) === quarter);
    return mean(of.map(({ rssBytes }) => rssBytes)) / 2 ** 20;
  });
  return {
    quarterMegabytes: means.map((megabytes) => Math.round(megabytes * 10) / 10),
    growth: means[3]! / means[2]! - 1,
  };
}
