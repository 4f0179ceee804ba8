/**
 * How many cores this process may use. Two hardware threads of a core share its arithmetic, so a second session on a core makes
 * nothing faster, while it takes cache and memory.
 */

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** What is asked of the machine. */
export interface Machine {
  /** Folder in which Linux describes its processors. */
  readonly cpus: string;
  /** File in which Linux says which processors a process may use. */
  readonly status: string;
  /** Hardware threads that the process may use at once. */
  readonly parallelism: number;
  readonly arch: string;
}

/** Hardware threads from which on a processor of Intel's architecture is taken to have two a core. */
const SURELY_DOUBLED = 4;

/** Cores of the machine, as far as the process may use them; 1 at least. */
export function physicalCores(machine: Machine = thisMachine()): number {
  const { parallelism, arch } = machine;
  try {
    return Math.max(1, Math.min(parallelism, coresOf(machine)));
  } catch {
    // No Linux, or one that hides its processors.
    return arch === 'x64' && parallelism >= SURELY_DOUBLED ? Math.ceil(parallelism / 2) : parallelism;
  }
}

function thisMachine(): Machine {
  return {
    cpus: '/sys/devices/system/cpu',
    status: '/proc/self/status',
    parallelism: availableParallelism(),
    arch: process.arch,
  };
}

/** Processors that are hardware threads of one core name the same siblings. */
function coresOf({ cpus, status }: Machine): number {
  const allowed = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync(status, 'latin1'))![1]!;
  const siblings = (cpu: number): string =>
    readFileSync(`${cpus}/cpu${cpu}/topology/thread_siblings_list`, 'latin1').trim();
  return new Set(numbersOf(allowed).map(siblings)).size;
}

/** The numbers of a list of Linux: `0-3,8`. */
function numbersOf(list: string): number[] {
  return list.split(',').flatMap((range) => {
    const [first = NaN, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}
