/** One thread that makes calls, one at a time. */

import { Worker, type Transferable } from 'node:worker_threads';
import { AppError } from '../core/errors.js';
import { receiveError, type ThreadCall, type ThreadReply } from './messages.js';
import { threadUrl } from './thread-url.js';

/** How a call is made. */
export interface CallOptions {
  /** Milliseconds from the beginning of the call, without the thread's start; then the thread is ended. Not given: any. */
  readonly timeoutMs?: number | undefined;
  /** Buffers of the arguments that are given away instead of copied. */
  readonly transfer?: readonly Transferable[] | undefined;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: AppError) => void;
  readonly timeoutMs: number | undefined;
  timer?: NodeJS.Timeout;
}

/** A thread; it never keeps the process alive by itself. */
export class CallThread {
  readonly #worker: Worker;
  #pending: Pending | undefined;
  #why: AppError | undefined;

  /** @param name in profiles and in the list of the process's threads */
  constructor(name: string) {
    this.#worker = new Worker(threadUrl(import.meta.url, './thread.js'), { name });
    this.#worker.unref();
    this.#worker.on('message', (reply: ThreadReply) => this.#receive(reply));
    this.#worker.on('error', (error) => (this.#why ??= whyItDied(error)));
    this.#worker.once('exit', () => {
      this.#why ??= new AppError('unavailable', 'The thread ended');
      this.#settle()?.reject(this.#why);
    });
  }

  /** Whether it makes no more calls. */
  get isGone(): boolean {
    return this.#why !== undefined;
  }

  /** Makes a call; the one before must have ended. Rejects with what the function throws: an AppError keeps its kind. */
  call(call: ThreadCall, { timeoutMs, transfer = [] }: CallOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#why) {
        reject(this.#why);
        return;
      }
      this.#pending = { resolve, reject, timeoutMs };
      this.#worker.ref();
      try {
        this.#worker.postMessage(call, transfer);
      } catch (error) {
        this.#settle()?.reject(AppError.from(error));
      }
    });
  }

  /** Ends the thread in the middle of its call, which rejects with `why`. */
  async end(why = new AppError('cancelled', 'The thread was ended')): Promise<void> {
    this.#why ??= why;
    this.#settle()?.reject(this.#why);
    await this.#worker.terminate();
  }

  #receive(reply: ThreadReply): void {
    const pending = this.#pending;
    if (reply === 'begins') {
      if (pending?.timeoutMs !== undefined) this.#limit(pending, pending.timeoutMs);
    } else if ('value' in reply) this.#settle()?.resolve(reply.value);
    else this.#settle()?.reject(receiveError(reply.error));
  }

  #limit(pending: Pending, ms: number): void {
    pending.timer = setTimeout(() => {
      void this.end(new AppError('deadline-exceeded', `The work took longer than ${ms} ms`));
    }, ms);
  }

  #settle(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    clearTimeout(pending?.timer);
    this.#worker.unref();
    return pending;
  }
}

function whyItDied(error: unknown): AppError {
  const isFull = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return isFull
    ? new AppError('resource-exhausted', 'The work needs more memory than a thread has', { cause: error })
    : new AppError('internal', 'The thread died', { cause: error });
}
