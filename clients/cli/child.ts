/** Starts other `tengen` commands as separate processes, and makes sure that they end when this one does. */

import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../src/core/errors.js';
import { delay } from '../../src/core/signals.js';

/** The script that a user would type as `tengen`. */
export const tengenScript = fileURLToPath(new URL('./main.js', import.meta.url));

/** Milliseconds that a child has to finish after SIGTERM. */
const graceMs = 8000;

/** A running `tengen` command. */
export class TengenProcess {
  readonly #child: ChildProcess;
  readonly #name: string;
  #stderr = '';
  /** Resolves when the process has ended. */
  readonly exited: Promise<void>;

  /** @param inherit let the child write its log to our stderr */
  constructor(args: readonly string[], options: { readonly inherit?: boolean } = {}) {
    this.#name = `tengen ${args[0] ?? ''}`;
    // Its own group: Ctrl-C reaches this process alone, which then stops the others in order.
    this.#child = spawn(process.execPath, [tengenScript, ...args], {
      stdio: ['ignore', 'pipe', options.inherit ? 'inherit' : 'pipe'],
      detached: true,
    });
    this.#child.stderr
      ?.setEncoding('utf8')
      .on('data', (text: string) => (this.#stderr = (this.#stderr + text).slice(-4000)));
    this.exited = new Promise((resolve) => this.#child.once('close', () => resolve()));
    process.once('exit', () => this.#child.kill('SIGKILL'));
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The first line that it prints; for `serve --json`, which says where it listens. */
  async firstLine(signal: AbortSignal): Promise<string> {
    if (!this.#child.stdout) throw new AppError('internal', 'The child has no stdout');
    const lines = createInterface({ input: this.#child.stdout, signal });
    for await (const line of lines) {
      this.#child.stdout.resume();
      return line;
    }
    throw this.failure();
  }

  /** Reads and forgets what it prints, so that it never blocks. */
  ignoreOutput(): this {
    this.#child.stdout?.resume();
    return this;
  }

  /** What to say when it ended by itself. */
  failure(): AppError {
    const said = this.#stderr.trim().split('\n').slice(-5).join('\n');
    return new AppError('unavailable', `${this.#name} ended unexpectedly${said ? `; it said:\n${said}` : ''}`);
  }

  /** SIGTERM, and SIGKILL if that does not help in time. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.#child.kill('SIGTERM');
    const tooLate = new AbortController();
    await Promise.race([this.exited, delay(graceMs, tooLate.signal).catch(() => undefined)]);
    tooLate.abort();
    this.#child.kill('SIGKILL');
    await this.exited;
  }
}

/** Starts a server on a free loopback port and returns its address, and that of its page unless `flags` say --no-page. */
export async function startLocalServer(
  dataDir: string,
  flags: readonly string[],
  signal: AbortSignal,
): Promise<{ server: TengenProcess; address: string; page?: string }> {
  // Whatever the environment says of a server for others, this one is for its parent alone.
  const ours = ['--host', '127.0.0.1', '--port', '0', '--page-port', '0', '--token=', '--tls-cert=', '--tls-key='];
  const server = new TengenProcess(['serve', ...ours, '--data-dir', dataDir, '--json', ...flags]);
  const line = await server.firstLine(signal);
  return { server, ...(JSON.parse(line) as { address: string; page?: string }) };
}
