/**
 * Calls on their way to the database. Whatever has gathered while the last batch was made durable becomes the next
 * batch, so under load many games share one wait for the disk, and a lone call waits for nobody.
 */

import { breathe } from '../../core/breathe.js';
import { AppError } from '../../core/errors.js';
import type { Executor } from './executor.js';
import type { Call, Operations } from './operations.js';

interface Waiting {
  readonly call: Call;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Calls to the database, each answered once its change is durable. */
export type StoreCalls = Pick<CommitQueue, 'call' | 'close'>;

/** The bounded queue in front of an executor. */
export class CommitQueue {
  readonly #executor: Executor;
  readonly #maxWaiting: number;
  #waiting: Waiting[] = [];
  #draining: Promise<void> | undefined;
  #closed = false;

  /** @param maxWaiting calls waiting at which new ones are refused */
  constructor(executor: Executor, maxWaiting: number) {
    this.#executor = executor;
    this.#maxWaiting = maxWaiting;
  }

  /**
   * @returns the operation's result, once it is durable
   * @throws AppError 'resource-exhausted' when too many calls wait, 'unavailable' after `close`
   */
  call<Name extends keyof Operations>(
    name: Name,
    ...args: Parameters<Operations[Name]>
  ): Promise<ReturnType<Operations[Name]>> {
    if (this.#closed) return Promise.reject(new AppError('unavailable', 'The store is closed'));
    if (this.#waiting.length >= this.#maxWaiting) {
      return Promise.reject(
        new AppError('resource-exhausted', `${this.#maxWaiting} changes are waiting for the disk already; try again`),
      );
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ call: { name, args } as Call, resolve: resolve as Waiting['resolve'], reject });
      this.#draining ??= this.#drain();
    });
  }

  /** Finishes what waits, refuses what comes, and closes the executor. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#draining;
    await this.#executor.close();
  }

  async #drain(): Promise<void> {
    // What else arrives in this turn of the event loop shares the batch.
    await breathe();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        const outcomes = await this.#executor.run(batch.map(({ call }) => call));
        batch.forEach(({ resolve, reject }, i) => {
          const outcome = outcomes[i]!;
          if ('error' in outcome) reject(outcome.error);
          else resolve(outcome.value);
        });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#draining = undefined;
  }
}
