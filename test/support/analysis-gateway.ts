/** The bundled analysis engine as a gateway in a process of its own, and clients of it. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { WebSocket, type ClientOptions } from 'ws';
import { Condition } from '../../src/core/condition.js';
import type { SaidAnswer } from './analysis-session.js';
import { bundlePath } from './bridge-process.js';

/** A gateway that runs. */
export class GatewayProcess {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  static async start(address: string, ...flags: string[]): Promise<GatewayProcess> {
    const args = [bundlePath, 'analysis', address, '--listen', '127.0.0.1:0', ...flags];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    for await (const line of createInterface({ input: child.stderr })) {
      const [url] = /wss?:\/\/[\w.:]+/.exec(line) ?? [];
      if (url === undefined) continue;
      child.stderr.resume();
      return new GatewayProcess(child, url);
    }
    throw new Error('The gateway ended before it listened');
  }

  /** Asks it to end, and waits. */
  async stop(): Promise<number> {
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGTERM');
      await once(this.#child, 'exit');
    }
    return this.#child.exitCode ?? -1;
  }
}

/** One connection, and what it was told. */
export class GatewayClient {
  readonly said: SaidAnswer[] = [];
  /** Code and reason of the close frame. */
  closed: readonly [code: number, reason: string] | undefined;
  readonly socket: WebSocket;
  readonly #changed = new Condition();

  constructor(url: string, options: ClientOptions = {}) {
    this.socket = new WebSocket(url, options);
    this.socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) throw new Error('a frame that is not text');
      for (const line of data.toString().split('\n')) this.said.push(JSON.parse(line) as SaidAnswer);
      this.#changed.notifyAll();
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', (code, reason) => {
      this.closed = [code, reason.toString()];
      this.#changed.notifyAll();
    });
  }

  /** One frame, a line for each query. */
  async send(...queries: readonly object[]): Promise<void> {
    if (this.socket.readyState === this.socket.CONNECTING) await once(this.socket, 'open');
    this.socket.send(queries.map((query) => JSON.stringify(query)).join('\n'));
  }

  /** The first answer, said already or to come, that matches. */
  async answer(matches: (answer: SaidAnswer) => boolean): Promise<SaidAnswer> {
    await this.#changed.until(() => this.said.some(matches) || this.closed !== undefined);
    const found = this.said.find(matches);
    if (!found) throw new Error(`closed: ${this.closed!.join(' ')}`);
    return found;
  }

  /** Why the connection was closed. */
  async end(): Promise<readonly [code: number, reason: string]> {
    await this.#changed.until(() => this.closed !== undefined);
    return this.closed!;
  }
}
