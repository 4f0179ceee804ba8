/** `--profile FILE`: what a process spends its time on, as a file that Perfetto, chrome://tracing and speedscope open. */

import { closeSync, openSync, writeSync } from 'node:fs';
import { AppError } from '../../src/core/errors.js';
import { chromeTrace, type ProcessTrace, readTraces, startTrace } from '../../src/core/trace.js';
import type { Flags } from './command.js';

export const profileFlag = {
  profile: {
    type: 'string',
    value: 'FILE',
    doc: 'write the times of all stages to this trace file when the program ends (docs/profiling.md)',
  },
} as const satisfies Flags;

/** Lines written at once. */
const LINES = 1000;

/**
 * Runs `work` and writes what its threads recorded; without a file it only runs it.
 *
 * @param name what a viewer calls this process
 * @throws AppError 'invalid-argument' if the file cannot be written, before the work begins where that can be known
 */
export async function profiled<T>(file: string | undefined, name: string, work: () => Promise<T>): Promise<T> {
  if (file === undefined) return work();
  const opened = open(file);
  try {
    startTrace('main');
    return await work();
  } finally {
    writeTrace(opened, [{ process: name, pid: process.pid, threads: readTraces() }]);
    closeSync(opened);
  }
}

/** Writes traces to an open file. */
export function writeTrace(file: number, processes: readonly ProcessTrace[]): void {
  let lines: string[] = [];
  for (const line of chromeTrace(processes)) {
    if (lines.push(line) < LINES) continue;
    writeSync(file, lines.join(''));
    lines = [];
  }
  writeSync(file, lines.join(''));
}

function open(file: string): number {
  try {
    return openSync(file, 'w');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new AppError('invalid-argument', `--profile is '${file}', which cannot be written: ${why}`, { cause: error });
  }
}
