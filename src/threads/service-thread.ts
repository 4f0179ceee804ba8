/** A thread that serves calls (serve.ts), as its owner sees it. */

import { Worker, type Transferable } from 'node:worker_threads';
import { AppError } from '../core/errors.js';
import { CLOSE, receiveError, type FromThread, type ToThread } from './messages.js';
import type { Calls } from './serve.js';

/** How a thread is started. */
export interface ThreadOptions<Event> {
  /** In profiles, in the list of the process's threads, and in errors. */
  readonly name: string;
  /** Of the thread's code: `threadUrl(import.meta.url, './that-thread.js')`. */
  readonly url: URL;
  /** What the thread opens with. */
  readonly start?: unknown;
  /** Buffers of `start` that are given away instead of copied. */
  readonly transfer?: readonly Transferable[];
  /** Takes what the thread says unasked. */
  readonly event?: (event: Event) => void;
  /** Called once when the thread is gone, after everything that it said; the cause if nobody closed it. */
  readonly gone?: (why: AppError | undefined) => void;
  /** Called after a call was sent, to wake a thread that does not wait for messages. */
  readonly sent?: () => void;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: AppError) => void;
}

/** The names of calls and the types of their arguments and results are those of what the thread serves. */
export class ServiceThread<C extends Calls<C>, Facts = undefined, Event = never> {
  /** What the thread says of itself when it is open; rejects with what kept it from opening. */
  readonly opened: Promise<Facts>;
  readonly #worker: Worker;
  readonly #options: ThreadOptions<Event>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #nextId = 0;
  /** Why no call is made any more. */
  #why: AppError | undefined;
  #isClosing = false;
  /** Called when nothing waits any more. */
  #answered: () => void = () => undefined;

  constructor(options: ThreadOptions<Event>) {
    this.#options = options;
    const { name, url, start, transfer = [] } = options;
    this.#worker = new Worker(url, { name, workerData: start, transferList: [...transfer] });
    let cause: unknown;
    this.#worker.on('error', (error) => (cause = error));
    this.opened = new Promise((resolve, reject) => {
      this.#waiting.set(-1, { resolve: resolve as Waiting['resolve'], reject });
    });
    // It may be looked at later than it fails, or through `close` alone.
    this.opened.catch(() => undefined);
    this.#worker.on('message', (message: FromThread) => this.#take(message));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#fail(whyItDied(name, cause));
        options.gone?.(this.#isClosing ? undefined : this.#why);
        resolve();
      });
    });
  }

  /** Starts a thread and waits until it is open. @throws AppError what kept the thread from opening */
  static async open<C extends Calls<C>, Facts = undefined, Event = never>(
    options: ThreadOptions<Event>,
  ): Promise<ServiceThread<C, Facts, Event>> {
    const thread = new ServiceThread<C, Facts, Event>(options);
    try {
      await thread.opened;
      return thread;
    } catch (error) {
      await thread.close();
      throw error;
    }
  }

  /** Whether the thread makes no more calls. */
  get isGone(): boolean {
    return this.#why !== undefined;
  }

  /** Makes a call. @throws AppError what the function throws; 'unavailable', or what `close` was given, if the thread ends */
  call<Name extends keyof C & string>(name: Name, ...args: Parameters<C[Name]>): Result<C[Name]> {
    return this.callGiving([], name, ...args);
  }

  /** The same, with buffers of the arguments that are given away instead of copied. */
  callGiving<Name extends keyof C & string>(
    buffers: readonly Transferable[],
    name: Name,
    ...args: Parameters<C[Name]>
  ): Result<C[Name]> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#why) {
        reject(this.#why);
        return;
      }
      this.#waiting.set(id, { resolve: resolve, reject });
      try {
        this.#send({ id, name, args }, buffers);
      } catch (error) {
        this.#waiting.delete(id);
        reject(AppError.from(error));
      }
    }) as Result<C[Name]>;
  }

  /** Makes a call of which no answer is wanted; the thread dies of what it throws. Nothing happens if the thread is gone. */
  tell<Name extends keyof C & string>(name: Name, ...args: Parameters<C[Name]>): void {
    if (!this.#why) this.#send({ id: undefined, name, args }, []);
  }

  /**
   * Ends the thread after the run under way; what waits fails with `why`. There is no harder way where a library computes:
   * ONNX Runtime's binding aborts the whole process when a thread is terminated during a run.
   */
  async close(why: AppError = closed(this.#options.name)): Promise<void> {
    this.#fail(why);
    await this.#end();
  }

  /** Ends the thread once it has answered all that waits; further calls fail with `why`. */
  async drain(why: AppError = closed(this.#options.name)): Promise<void> {
    if (this.#why) return this.#end();
    this.#why = why;
    if (this.#waiting.size > 0) await new Promise<void>((resolve) => (this.#answered = resolve));
    await this.#end();
  }

  /** Ends the thread in the middle of what it does, which must be plain JavaScript; what waits fails with `why`. */
  async terminate(why: AppError): Promise<void> {
    this.#isClosing = true;
    this.#fail(why);
    await this.#worker.terminate();
  }

  /** Has the thread keep the process alive, or not. */
  keepAlive(isWanted: boolean): void {
    if (isWanted) this.#worker.ref();
    else this.#worker.unref();
  }

  async #end(): Promise<void> {
    if (!this.#isClosing) {
      this.#isClosing = true;
      this.#send(CLOSE, []);
    }
    await this.#exited;
  }

  #send(message: ToThread, buffers: readonly Transferable[]): void {
    this.#worker.postMessage(message, buffers);
    this.#options.sent?.();
  }

  #take(message: FromThread): void {
    if ('event' in message) this.#options.event?.(message.event as Event);
    else if ('open' in message) this.#settle(-1)?.resolve(message.open);
    else if ('refused' in message) this.#fail(receiveError(message.refused));
    else if ('error' in message) this.#settle(message.id)?.reject(receiveError(message.error));
    else this.#settle(message.id)?.resolve(message.value);
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) queueMicrotask(this.#answered);
    return waiting;
  }

  #fail(error: AppError): void {
    this.#why ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#why);
    this.#waiting.clear();
    this.#answered();
  }
}

type Result<Call> = Call extends (...args: never[]) => infer R ? Promise<Awaited<R>> : never;

function closed(name: string): AppError {
  return new AppError('unavailable', `The thread '${name}' has ended`);
}

function whyItDied(name: string, cause: unknown): AppError {
  const isFull = cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return isFull
    ? new AppError('resource-exhausted', 'The work needs more memory than a thread has', { cause })
    : new AppError('unavailable', `The thread '${name}' ended unexpectedly`, { cause });
}
