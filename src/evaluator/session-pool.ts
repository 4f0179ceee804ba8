/**
 * The session threads together: models are loaded into all of them, one thread after the other so that the rest go on
 * serving; a thread that dies is replaced.
 */

import { AppError } from '../core/errors.js';
import { delay } from '../core/signals.js';
import { trace } from '../core/trace.js';
import type { ModelShape } from './model-source.js';
import type { InferInputs, InferOutputs, ModelBytes, ThreadStart } from './session-messages.js';
import { SessionThread, type ThreadEvents } from './session-thread.js';
import { Slots, type SlotMemory } from './slots.js';

/** What the pool reports. */
export interface PoolEvents {
  /** The outputs of `slot` are written. */
  finished(slot: number): void;
  /** The network refused the batch in `slot`. */
  failed(slot: number, error: AppError): void;
  /** A thread died; what it had claimed will not come. A new one is on its way. */
  lost(thread: number, cause: unknown): void;
}

/** How every thread computes. */
export type SessionSettings = Pick<ThreadStart, 'engine' | 'symmetry'>;

/** What the pool needs of a thread. */
export type PoolThread = Pick<SessionThread, 'ready' | 'load' | 'release' | 'infer' | 'stop' | 'crash'>;

/** What a pool reaches beyond itself for. */
export interface PoolPorts {
  startThread(start: ThreadStart, slots: Slots, events: ThreadEvents): PoolThread;
  delay(ms: number, signal: AbortSignal): Promise<void>;
}

const ports: PoolPorts = { startThread: (...parts) => new SessionThread(...parts), delay };

/** Longest wait before a thread that keeps dying is started again. */
const maxRestartDelayMs = 5_000;

/** A number of session threads that changes only when it is told to. */
export class SessionPool {
  readonly #memory: SlotMemory;
  readonly #slots: Slots;
  readonly #settings: SessionSettings;
  readonly #events: PoolEvents;
  readonly #ports: PoolPorts;
  readonly #threads: PoolThread[];
  /** Models that every thread holds, for threads that start later. */
  readonly #models = new Map<number, ModelBytes>();
  readonly #closing = new AbortController();
  readonly #restarts = new Map<number, Promise<void>>();
  #deathsInRow = 0;
  #nextInfer = 0;

  constructor(
    threads: number,
    memory: SlotMemory,
    settings: SessionSettings,
    events: PoolEvents,
    given: PoolPorts = ports,
  ) {
    this.#ports = given;
    this.#memory = memory;
    this.#slots = new Slots(memory);
    this.#settings = settings;
    this.#events = events;
    this.#threads = Array.from({ length: threads }, (_, thread) => this.#start(thread));
  }

  /**
   * Resolves once the threads take work.
   *
   * @throws AppError 'failed-precondition' if their engine cannot be opened here
   */
  async ready(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.ready));
  }

  /** Threads there are now. */
  get size(): number {
    return this.#threads.length;
  }

  /**
   * Starts or stops threads until there are `count`; those that stop finish their batch. No model may be loading.
   *
   * @throws AppError why a thread cannot be started
   */
  async resize(count: number): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const surplus = this.#threads.splice(count);
    for (let thread = this.#threads.length; thread < count; thread++) this.#threads.push(this.#start(thread));
    await Promise.all(surplus.map((thread) => thread.stop()));
    await this.ready();
  }

  /**
   * Loads a model into every thread.
   *
   * @throws AppError why it cannot be loaded; it is in no thread then
   */
  async load(model: ModelBytes): Promise<ModelShape> {
    try {
      let shape: ModelShape | undefined;
      const holders = new Set<PoolThread>();
      // Again from the front if a thread was replaced meanwhile by one that does not know the model.
      for (;;) {
        const thread = this.#threads.findIndex((candidate) => !holders.has(candidate));
        if (thread < 0) break;
        shape = await this.#retry(thread, (candidate) => {
          holders.add(candidate);
          return candidate.load(model);
        });
      }
      this.#models.set(model.model, model);
      return shape!;
    } catch (error) {
      this.release(model.model);
      throw error;
    }
  }

  /** Frees a model that no batch names any more. */
  release(model: number): void {
    this.#models.delete(model);
    for (const thread of this.#threads) thread.release(model).catch(() => undefined); // a dead thread holds nothing
  }

  /**
   * Runs a loaded model on plain tensors in one of the threads; tried again once if the thread dies.
   *
   * @param inputs makes them, since each thread that tries is given them for good
   */
  infer(model: number, inputs: () => InferInputs): Promise<InferOutputs> {
    return this.#retry(this.#nextInfer++ % this.#threads.length, (thread) => thread.infer(model, inputs()));
  }

  /** Makes one thread die with its next batch; for tests of what follows. */
  crash(thread: number): Promise<void> {
    return this.#threads[thread]!.crash();
  }

  /** Stops all threads after their current batch. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }

  /** Calls a thread; if it dies, waits for its successor and calls that. */
  async #retry<T>(thread: number, call: (thread: PoolThread) => Promise<T>): Promise<T> {
    try {
      return await call(this.#threads[thread]!);
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== 'unavailable' || this.#closing.signal.aborted) throw error;
      await this.#restarts.get(thread);
      return call(this.#threads[thread]!);
    }
  }

  #start(thread: number): PoolThread {
    const models = [...this.#models.values()];
    const start = { thread, memory: this.#memory, ...this.#settings, traced: trace !== undefined, models };
    return this.#ports.startThread(start, this.#slots, {
      finished: (slot) => {
        this.#deathsInRow = 0;
        this.#events.finished(slot);
      },
      failed: (slot, error) => this.#events.failed(slot, error),
      died: (cause) => {
        // The batch that it had claimed must be taken back before a successor of the same number claims another.
        this.#events.lost(thread, cause);
        this.#restarts.set(thread, this.#restart(thread));
      },
    });
  }

  async #restart(thread: number): Promise<void> {
    const waitMs = this.#deathsInRow === 0 ? 0 : Math.min(maxRestartDelayMs, 50 * 2 ** this.#deathsInRow);
    this.#deathsInRow++;
    try {
      if (waitMs > 0) await this.#ports.delay(waitMs, this.#closing.signal);
    } catch {
      return; // closing
    }
    const isWanted = thread < this.#threads.length;
    if (isWanted && !this.#closing.signal.aborted) this.#threads[thread] = this.#start(thread);
  }
}
