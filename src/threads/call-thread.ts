/** One thread of a pool: makes calls of functions of modules, one at a time. */

import type { Transferable } from 'node:worker_threads';
import { AppError } from '../core/errors.js';
import { ServiceThread } from './service-thread.js';
import { threadUrl } from './thread-url.js';
import type { ModuleCalls } from './thread.js';

/** How a call is made. */
export interface CallOptions {
  /** Milliseconds from the beginning of the call, without the thread's start; then the thread is ended. Not given: any. */
  readonly timeoutMs?: number | undefined;
  /** Buffers of the arguments that are given away instead of copied. */
  readonly transfer?: readonly Transferable[] | undefined;
}

/** A thread; it never keeps the process alive by itself. */
export class CallThread {
  readonly #thread: ServiceThread<ModuleCalls, undefined, 'begins'>;
  /** Of the call under way; undefined if there is none, since a call that was given up may still say that it begins. */
  #timeoutMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param name in profiles and in the list of the process's threads */
  constructor(name: string) {
    const url = threadUrl(import.meta.url, './thread.js');
    this.#thread = new ServiceThread({ name, url, event: () => this.#limit() });
    this.#thread.keepAlive(false);
  }

  /** Whether it makes no more calls. */
  get isGone(): boolean {
    return this.#thread.isGone;
  }

  /** Makes a call; the one before must have ended. Rejects with what the function throws: an AppError keeps its kind. */
  async call(
    module: string,
    name: string,
    args: readonly unknown[],
    { timeoutMs, transfer = [] }: CallOptions,
  ): Promise<unknown> {
    this.#timeoutMs = timeoutMs;
    this.#thread.keepAlive(true);
    try {
      return await this.#thread.callGiving(transfer, 'call', module, name, args);
    } finally {
      this.#timeoutMs = undefined;
      clearTimeout(this.#timer);
      this.#thread.keepAlive(false);
    }
  }

  /** Ends the thread in the middle of its call, which rejects with `why`. */
  async end(why = new AppError('cancelled', 'The thread was ended')): Promise<void> {
    await this.#thread.terminate(why);
  }

  #limit(): void {
    const ms = this.#timeoutMs;
    if (ms === undefined) return;
    this.#timer = setTimeout(() => {
      void this.end(new AppError('deadline-exceeded', `The work took longer than ${ms} ms`));
    }, ms);
  }
}
