/** What a process asked of the file system: the lines of strace as calls, in the order in which they took effect. */

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { check } from '../../src/core/errors.js';

/** Calls that change files, or say which file a number stands for. */
const names = [
  ...[
    'openat',
    'open',
    'creat',
    'close',
    'dup',
    'dup2',
    'dup3',
    'mkdir',
    'rmdir',
    'link',
    'fallocate',
    'copy_file_range',
  ],
  ...['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2', 'ftruncate', 'truncate', 'fsync', 'fdatasync'],
  ...['rename', 'renameat', 'renameat2', 'unlink', 'unlinkat'],
];

/** One call that succeeded. */
export interface Call {
  readonly name: string;
  /** Text as strace writes it; strings are in hexadecimal. */
  readonly args: string;
  readonly result: number;
  /** When it had taken effect, in ms since 1970 UTC. */
  readonly doneMs: number;
  /** Calls before it in the trace when it began. */
  readonly beganAt: number;
}

/** The command before which a program is traced into a file. The tracer is no parent: a kill reaches the program itself. */
export function tracer(file: string, syncDelayMs: number): string[] {
  const format = ['-f', '-D', '-ttt', '-T', '-xx', '-s', '67108864', '--seccomp-bpf', '-o', file];
  // Slow disks show what is acknowledged before it is synced.
  const delay = ['-e', `inject=fsync,fdatasync:delay_enter=${syncDelayMs * 1000}`];
  return ['strace', ...format, '-e', `trace=${names.join()}`, ...delay];
}

export async function readTrace(file: string): Promise<Call[]> {
  const calls: Call[] = [];
  const unfinished = new Map<string, { args: string; beganAt: number }>();
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const [, thread = '', time, rest = ''] = /^(\d+) +(\d+\.\d+) (.*)$/.exec(line) ?? [];
    const began = /^(\w+)\((.*?),? <unfinished \.\.\.>$/.exec(rest);
    if (began) {
      const [, name = '', args = ''] = began;
      unfinished.set(thread, { args, beganAt: calls.length });
      // The number may be given out again before this thread comes back.
      if (name === 'close') calls.push({ name, args, result: 0, doneMs: Number(time) * 1000, beganAt: calls.length });
      continue;
    }
    const ended = /^(?:(\w+)\(|<\.\.\. (\w+) resumed>,? ?)(.*)\) += (-?\d+)[^<]*(?:<(\d+\.\d+)>)?/.exec(rest);
    if (!ended) continue;
    const [, whole, resumed, text = '', result, seconds = '0'] = ended;
    const before = resumed === undefined ? undefined : unfinished.get(thread);
    const name = whole ?? resumed ?? '';
    if (Number(result) < 0 || (resumed === 'close' && before)) continue;
    check(!text.includes('"...'), () => `The trace '${file}' has a string that is cut short`);
    calls.push({
      name,
      args: before ? [before.args, text].filter((part) => part !== '').join(', ') : text,
      result: Number(result),
      doneMs: (Number(time) + (before ? 0 : Number(seconds))) * 1000,
      beganAt: before?.beganAt ?? calls.length,
    });
  }
  return calls;
}

/** The strings among the arguments. */
export function stringsOf(args: string): Buffer[] {
  return Array.from(args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g), ([, hex = '']) =>
    Buffer.from(hex.replaceAll('\\x', ''), 'hex'),
  );
}

/** The first argument as a number. */
export function firstNumber(args: string): number {
  return parseInt(args, 10);
}

/** The last argument as a number. */
export function lastNumber(args: string): number {
  return Number(args.slice(args.lastIndexOf(',') + 1));
}
