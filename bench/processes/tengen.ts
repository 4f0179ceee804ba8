/** `tengen` commands as processes that a benchmark measures, or kills. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { tengenScript } from '../../clients/cli/child.js';
import { AppError } from '../../src/core/errors.js';

/** What a process gets beside its arguments. */
export interface TengenOptions {
  /** File that its log is appended to; our own stderr if left out. */
  readonly log?: string;
  /** Module that Node loads before the command. */
  readonly preload?: URL;
  /** Beside PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** Program and arguments before Node. */
  readonly wrapper?: readonly string[];
}

/** A running `tengen` command. */
export class Tengen {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #gone: Promise<unknown>;

  constructor(args: readonly string[], { log, preload, env, wrapper = [] }: TengenOptions = {}) {
    this.#name = `tengen ${args[0] ?? ''}`;
    const stderr = log === undefined ? 'inherit' : openSync(log, 'a');
    const imports = preload ? ['--import', preload.href] : [];
    const [command = '', ...rest] = [...wrapper, process.execPath, ...imports, tengenScript, ...args];
    const { PATH, HOME } = process.env;
    this.#child = spawn(command, rest, { stdio: ['ignore', 'pipe', stderr], env: { PATH, HOME, ...env } });
    if (typeof stderr === 'number') closeSync(stderr);
    this.#gone = once(this.#child, 'close');
    const killed = (): boolean => this.#child.kill('SIGKILL');
    process.once('exit', killed);
    this.#child.once('close', () => process.off('exit', killed));
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when it has ended: with its exit code, or the signal that ended it. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    if (this.isRunning) await this.#gone;
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  /** Sends a signal, and waits for the end as `ended` does. */
  async end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    if (this.isRunning) this.#child.kill(signal);
    return this.ended();
  }

  /** The first line that it prints. @throws AppError if it ends before */
  async firstLine(): Promise<string> {
    if (!this.#child.stdout) throw new AppError('internal', 'The process has no stdout');
    for await (const line of createInterface({ input: this.#child.stdout })) {
      this.#child.stdout.resume();
      return line;
    }
    throw new AppError('unavailable', `${this.#name} ended without a line (${String(await this.ended())})`);
  }
}

/** Starts `tengen serve` for a data folder on a free loopback port; `address` is there once it serves. */
export async function startServer(
  dataDir: string,
  flags: readonly string[],
  options: TengenOptions = {},
): Promise<{ readonly server: Tengen; readonly address: string }> {
  const own = ['--port', '0', '--no-page', '--data-dir', dataDir, '--json'];
  const server = new Tengen(['serve', ...own, ...flags], options);
  try {
    const { address } = JSON.parse(await server.firstLine()) as { address: string };
    return { server, address };
  } catch (error) {
    await server.end('SIGKILL');
    throw error;
  }
}
