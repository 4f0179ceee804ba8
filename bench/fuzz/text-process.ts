/** A process that answers lines: the bridge with GTP, and the analysis engine with JSON. */

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { tengenScript } from './server-process.js';

/** One process and those who wait for its words. */
export class TextProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #onLine: (line: string) => void;
  #errors = '';

  /**
   * @param onLine told of every line of its stdout
   * @param folder that it works in
   */
  constructor(args: readonly string[], onLine: (line: string) => void, folder: string) {
    this.#onLine = onLine;
    this.#child = spawn(process.execPath, [tengenScript, ...args], {
      stdio: 'pipe',
      cwd: folder,
      env: { PATH: process.env['PATH'] },
    });
    this.#child.stderr
      .setEncoding('utf8')
      .on('data', (text: string) => (this.#errors = (this.#errors + text).slice(-10_000)));
    // A process that is gone is noticed by its end.
    this.#child.stdin.on('error', () => undefined);
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#onLine(line));
    process.once('exit', () => this.#child.kill('SIGKILL'));
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** How it ended, and the last that it said on stderr. */
  get epitaph(): string {
    return `exit code ${String(this.#child.exitCode)}, signal ${String(this.#child.signalCode)}: ${this.#errors.slice(-2000)}`;
  }

  /** Whether it ended as a process does that was told to. */
  get endedWell(): boolean {
    return this.#child.exitCode === 0;
  }

  write(bytes: Uint8Array | string): void {
    this.#child.stdin.write(bytes);
  }

  /** Calls back when the process has ended. */
  onEnd(listener: () => void): void {
    this.#child.once('close', listener);
  }

  async kill(): Promise<void> {
    if (!this.isAlive) return;
    const gone = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await gone;
  }
}
