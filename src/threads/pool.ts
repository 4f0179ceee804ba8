/**
 * Threads that call functions of modules, so that what a caller sent does not decide how long the main thread computes.
 * A thread whose call is given up or takes too long is ended in the middle of it and replaced. That is safe in plain
 * JavaScript and nowhere else: a module that runs ONNX Runtime must not be called here, because ending it ends the process.
 */

import { AppError, assert } from '../core/errors.js';
import { cancelled, throwIfAborted } from '../core/signals.js';
import { CallThread, type CallOptions } from './call-thread.js';
import { threadUrl } from './thread-url.js';

/** How large a pool is. */
export interface PoolOptions {
  /** Of its threads. */
  readonly name: string;
  /** Calls at once, each in a thread of its own; a thread is started when it is first needed. */
  readonly threads: number;
  /** Calls that wait for a thread; further ones are refused. */
  readonly waiting: number;
}

/** How a call of a pool is made. */
export interface RunOptions extends CallOptions {
  /** Gives the call up. */
  readonly signal?: AbortSignal | undefined;
}

type Callable = (...args: never[]) => unknown;

/** Names a module for threads. Its functions' arguments and results are copied as `structuredClone` does. */
export interface ThreadModule<Exports> {
  readonly url: string;
  /** Only a type. */
  readonly exports?: Exports;
}

/** The names of a module's functions. */
type FunctionOf<Exports> = {
  [Name in keyof Exports]: Exports[Name] extends Callable ? Name & string : never;
}[keyof Exports];

/**
 * Names a module for threads, as in `threadModule<typeof import('./work.js')>(import.meta.url, './work.js')`.
 *
 * @param importMetaUrl the caller's `import.meta.url`
 * @param relative the module relative to the caller, ending in `.js`
 */
export function threadModule<Exports>(importMetaUrl: string, relative: string): ThreadModule<Exports> {
  return { url: threadUrl(importMetaUrl, relative).href };
}

/** A thread that somebody has. */
export interface HeldThread {
  /** Calls a function in it. */
  run<Exports, Name extends FunctionOf<Exports>>(
    module: ThreadModule<Exports>,
    name: Name,
    args: Parameters<Extract<Exports[Name], Callable>>,
    options?: CallOptions,
  ): Promise<Awaited<ReturnType<Extract<Exports[Name], Callable>>>>;
  /** Gives it back; to be called once. */
  release(): void;
}

interface Waiting {
  start(thread: CallThread): void;
  reject(error: AppError): void;
}

/** A bounded number of threads with a bounded queue. */
export class ThreadPool {
  readonly #options: PoolOptions;
  readonly #idle: CallThread[] = [];
  readonly #busy = new Set<CallThread>();
  readonly #waiting = new Set<Waiting>();
  #isClosed = false;
  #calls = 0;

  constructor(options: PoolOptions) {
    assert(options.threads >= 1, 'a pool has a thread');
    this.#options = options;
  }

  /** Calls that were begun in threads. */
  get calls(): number {
    return this.#calls;
  }

  /**
   * Calls a function in a thread.
   *
   * @throws AppError what the function throws; 'resource-exhausted' if the queue is full, 'deadline-exceeded' after
   *   `timeoutMs`, 'cancelled' after `signal`, 'unavailable' once the pool is closed
   */
  async run<Exports, Name extends FunctionOf<Exports>>(
    module: ThreadModule<Exports>,
    name: Name,
    args: Parameters<Extract<Exports[Name], Callable>>,
    { signal, ...options }: RunOptions = {},
  ): Promise<Awaited<ReturnType<Extract<Exports[Name], Callable>>>> {
    const held = await this.hold(signal);
    try {
      return await held.run(module, name, args, options);
    } finally {
      held.release();
    }
  }

  /**
   * Takes a thread for several calls, which must not overlap; what a module keeps stays in it between them. The thread ends
   * when `signal` aborts.
   *
   * @throws AppError as `run` does
   */
  async hold(signal?: AbortSignal): Promise<HeldThread> {
    const thread = await this.#take(signal);
    const abort = (): void => void thread.end(cancelled(signal!));
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    return {
      run: async ({ url }, name, args, options = {}) => {
        this.#calls++;
        return (await thread.call(url, name, args, options)) as never;
      },
      release: () => {
        signal?.removeEventListener('abort', abort);
        this.#giveBack(thread);
      },
    };
  }

  /** Ends all threads; calls under way and waiting reject. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const closed = closedError();
    for (const waiting of this.#waiting) waiting.reject(closed);
    this.#waiting.clear();
    await Promise.all([...this.#idle.splice(0), ...this.#busy].map((thread) => thread.end(closed)));
  }

  #take(signal: AbortSignal | undefined): Promise<CallThread> {
    throwIfAborted(signal);
    if (this.#isClosed) return Promise.reject(closedError());
    const { name, threads, waiting: most } = this.#options;
    let thread = this.#idle.pop();
    while (thread?.isGone) thread = this.#idle.pop();
    if (!thread && this.#busy.size < threads) thread = new CallThread(name);
    if (thread) {
      this.#busy.add(thread);
      return Promise.resolve(thread);
    }
    if (this.#waiting.size >= most) {
      const text = `All ${threads} threads are busy and ${most} calls wait for one; the server takes no more of them now`;
      return Promise.reject(new AppError('resource-exhausted', text));
    }
    return this.#wait(signal);
  }

  #wait(signal: AbortSignal | undefined): Promise<CallThread> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.delete(waiting);
        reject(cancelled(signal!));
      };
      const waiting: Waiting = {
        start(thread) {
          signal?.removeEventListener('abort', abort);
          resolve(thread);
        },
        reject(error) {
          signal?.removeEventListener('abort', abort);
          reject(error);
        },
      };
      this.#waiting.add(waiting);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  #giveBack(thread: CallThread): void {
    this.#busy.delete(thread);
    if (this.#isClosed) return;
    const [next] = this.#waiting;
    if (!next) {
      if (!thread.isGone) this.#idle.push(thread);
      return;
    }
    this.#waiting.delete(next);
    const free = thread.isGone ? new CallThread(this.#options.name) : thread;
    this.#busy.add(free);
    next.start(free);
  }
}

function closedError(): AppError {
  return new AppError('unavailable', 'The server is shutting down');
}
