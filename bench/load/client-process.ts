/** A process of clients as its parent sees it; what they do is in clients.ts. */

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { AppError } from '../../src/core/errors.js';
import type { Facts } from './life.js';
import type { FixedModels } from './questions.js';
import type { Tally } from './tally.js';

/** What a process of clients is told at its start. */
export interface ClientsOrder {
  readonly address: string;
  readonly models: FixedModels;
  /** Number of its first client. */
  readonly first: number;
  readonly clients: number;
  /** Least calls of each client. */
  readonly calls: number;
}

/** What is said in turn, by the parent and by the clients. */
export type ClientsWord = 'asked' | 'ready' | 'go' | 'made' | 'end' | Facts | Tally;

export class ClientProcess {
  readonly #child: ChildProcess;

  constructor(order: ClientsOrder) {
    this.#child = fork(new URL('./clients.js', import.meta.url), [JSON.stringify(order)]);
  }

  /** Resolves when the questions have been answered that nobody else may disturb. */
  async asked(): Promise<void> {
    await this.#next();
  }

  /** Resolves when all clients are connected and have had an answer. */
  async connect(facts: Facts): Promise<void> {
    this.#child.send(facts);
    await this.#next();
  }

  /** Lets the load begin. Resolves when every client has made its calls; they go on. */
  async go(): Promise<void> {
    this.#child.send('go');
    await this.#next();
  }

  /** Ends the calls. @returns what all clients have counted */
  async end(): Promise<Tally> {
    this.#child.send('end');
    return (await this.#next()) as Tally;
  }

  /** Ends whatever still runs. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #next(): Promise<ClientsWord> {
    const settled = new AbortController();
    const { signal } = settled;
    const gone = once(this.#child, 'close', { signal }).then(([code]) => {
      throw new AppError('unavailable', `A process of clients ended with ${String(code)}`);
    });
    try {
      const [word] = (await Promise.race([once(this.#child, 'message', { signal }), gone])) as [ClientsWord];
      return word;
    } finally {
      settled.abort();
    }
  }
}
