/** Worker processes of the product itself. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../dist/clients/cli/main.js', import.meta.url));

/** `tengen worker` as a process. */
export class WorkerProcess {
  static readonly #started: WorkerProcess[] = [];
  readonly child: ChildProcess;
  stderr = '';
  stdout = '';
  readonly #closed: Promise<unknown>;

  constructor(address: string, flags: readonly string[]) {
    const args = [script, 'worker', '--json', '--address', address, ...flags];
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.#closed = once(this.child, 'close');
    WorkerProcess.#started.push(this);
  }

  /** Ends every worker that was started. */
  static killAll(): void {
    for (const { child } of WorkerProcess.#started.splice(0)) child.kill('SIGKILL');
  }

  /** The games that the server acknowledged, in order. */
  get storedGames(): string[] {
    return Array.from(this.stderr.matchAll(/"gameId":"([^"]+)"[^\n]*"msg":"game-stored"/g), ([, gameId]) => gameId!);
  }

  /** Waits until `isEnough` says so of what it has logged. */
  async until(isEnough: () => boolean): Promise<void> {
    while (!isEnough()) {
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`The worker ended:\n${this.stderr}`);
      await Promise.race([once(this.child.stderr!, 'data'), this.#closed]);
    }
  }

  /** Waits for `count` events of this name in its log. */
  async logs(event: string, count = 1): Promise<void> {
    await this.until(() => this.stderr.split(`"msg":"${event}"`).length > count);
  }

  /** Sends the signal, if any, and resolves with the exit code. */
  async end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal) this.child.kill(signal);
    await this.#closed;
    return this.child.exitCode;
  }
}
