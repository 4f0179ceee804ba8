/**
 * Runs one program for a job: behind a sandbox, with nothing in its environment but PATH and HOME, a folder of its own that
 * is removed afterwards, and limits of time, output, memory and files.
 */

import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { Sandbox } from './sandbox.js';

export interface Program {
  /** For `sh -c`. */
  readonly command: string;
  /** `$1`, `$2` … of the command. */
  readonly args: readonly string[];
  readonly input: string;
}

/** How far it may go. */
export interface ProgramLimits {
  /** After this the program and what it started are killed. */
  readonly timeoutMs: number;
  /** Address space of each of its processes. */
  readonly megabytes: number;
}

/** How it ended: what it printed, or why that does not count. */
export type Ended = { readonly output: string } | { readonly failure: string };

/** Output beyond this fails. */
const MAX_OUTPUT_BYTES = 1024 * 1024;
/** Largest file that it may write, in the 512 bytes that `ulimit -f` counts in. */
const MAX_FILE_BLOCKS = 131_072;

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** Failures: 'time-out', 'exit code', 'too much output', 'not started', 'cancelled'. Never rejects for what the program does. */
export async function runProgram(
  program: Program,
  limits: ProgramLimits,
  sandbox: Sandbox,
  signal?: AbortSignal,
): Promise<Ended> {
  const home = await mkdtemp(join(tmpdir(), 'tengen-program-'));
  try {
    if (sandbox.user !== undefined) await chown(home, sandbox.user, sandbox.user);
    const child = start(program, { home, megabytes: limits.megabytes }, sandbox);
    return child ? await endOf(child, limits.timeoutMs, signal) : { failure: 'not started' };
  } finally {
    // What the program made unreadable to its own user stays; it must not end the job.
    await rm(home, { recursive: true, force: true }).catch(() => undefined);
  }
}

function start(
  { command, args, input }: Program,
  { home, megabytes }: { readonly home: string; readonly megabytes: number },
  { wrapper, user }: Sandbox,
): Child | undefined {
  const limited = `ulimit -c 0; ulimit -f ${MAX_FILE_BLOCKS}; ulimit -v ${megabytes * 1024}; exec sh -c "$@"`;
  const [file = '/bin/sh', ...rest] = [...wrapper, '/bin/sh', '-c', limited, 'sh', command, 'sh', ...args];
  try {
    const child = spawn(file, rest, {
      stdio: ['pipe', 'pipe', 'ignore'],
      // A group of its own, which can be killed whole.
      detached: true,
      cwd: home,
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: home },
      ...(user !== undefined && { uid: user, gid: user }),
    });
    // A program may end without reading.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    return child;
  } catch {
    // Arguments that the system does not take: too long, or with a zero character.
    return undefined;
  }
}

function endOf(child: Child, timeoutMs: number, signal: AbortSignal | undefined): Promise<Ended> {
  return new Promise((resolve) => {
    const output: Buffer[] = [];
    let bytes = 0;
    let failure: string | undefined;
    const stop = (reason: string): void => {
      failure ??= reason;
      killGroup(child);
    };
    const timer = setTimeout(() => stop('time-out'), timeoutMs);
    const abort = (): void => stop('cancelled');
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    const end = (ended: Ended): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      // What the program left running in the background must not outlive it.
      killGroup(child);
      resolve(ended);
    };
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_OUTPUT_BYTES) stop('too much output');
      else output.push(chunk);
    });
    child.once('error', () => end({ failure: 'not started' }));
    child.once('exit', (code) => {
      if (code !== 0) failure ??= 'exit code';
      // A process that it left behind may hold the output open for ever.
      killGroup(child);
    });
    child.once('close', () => end(failure === undefined ? { output: Buffer.concat(output).toString() } : { failure }));
  });
}

function killGroup(child: Child): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}
