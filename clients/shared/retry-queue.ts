/** What a lost connection or a busy server left unanswered, kept until it can be sent again. */

import { AppError } from '../../src/core/errors.js';
import type { Backoff } from './backoff.js';

/** Something that is sent again until a moment of `performance.now()`. */
export interface Retryable {
  readonly giveUpAt: number;
}

/** What becomes of the waiting. */
export interface RetryActions<T> {
  /** Sends once more; called for everything that waits, in order. */
  readonly send: (item: T) => void;
  /** The time is up: `error` is what went wrong last. */
  readonly giveUp: (item: T, error: AppError) => void;
}

/** Everything waits for the same moment, as the server that it waits for is the same. Whoever adds bounds what waits. */
export class RetryQueue<T extends Retryable> {
  readonly #backoff: Backoff;
  readonly #actions: RetryActions<T>;
  #waiting: { readonly item: T; readonly error: AppError }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(backoff: Backoff, actions: RetryActions<T>) {
    this.#backoff = backoff;
    this.#actions = actions;
  }

  /** Whether sending again can help after `error`. */
  static helps(error: AppError): boolean {
    return error.kind === 'unavailable' || error.kind === 'resource-exhausted';
  }

  /** Keeps `item` for the next attempt, or gives it up if that would help nothing or come too late. */
  add(item: T, error: AppError): void {
    if (!RetryQueue.helps(error) || performance.now() >= item.giveUpAt) {
      this.#actions.giveUp(item, error);
      return;
    }
    this.#waiting.push({ item, error });
    if (this.#timer) return;
    // The last attempt is made when the time is up, not after it.
    const left = Math.min(...this.#waiting.map((waiting) => waiting.item.giveUpAt)) - performance.now();
    this.#timer = setTimeout(() => this.#sendAll(), Math.max(0, Math.min(this.#backoff.nextMs(), left)));
  }

  /** Call when the server answered: the next wait is short again. */
  succeeded(): void {
    this.#backoff.succeeded();
  }

  /** Gives up everything that waits. */
  close(error: AppError): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { item } of this.#waiting.splice(0)) this.#actions.giveUp(item, error);
  }

  #sendAll(): void {
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { item } of waiting) this.#actions.send(item);
  }
}
