/** Loads models into a pool whose number of threads is found by measuring the first of them. */

import { AppError } from '../core/errors.js';
import type { Batcher } from './batcher.js';
import type { EvaluatorLog, ModelLoader } from './loaded-models.js';
import type { ModelShape } from './model-source.js';
import type { ModelBytes } from './session-messages.js';
import type { SessionPool } from './session-pool.js';
import { fewestThreads, measureThreads } from './thread-count.js';

/** What the measurement needs. */
export interface MeasuredThreadsOptions {
  readonly pool: SessionPool;
  readonly batcher: Batcher;
  /** Most positions in a batch. */
  readonly maxBatch: number;
  /** Most threads; the slots must be enough for them. */
  readonly cores: number;
  readonly log: EvaluatorLog;
}

/** A pool that finds its number of threads by itself. */
export class MeasuredThreads implements ModelLoader {
  readonly #options: MeasuredThreadsOptions;
  #measuring: Promise<void> | undefined;
  #isMeasured = false;

  constructor(options: MeasuredThreadsOptions) {
    this.#options = options;
  }

  /** Whether what the threads evaluate now is nobody's request. */
  get isMeasuring(): boolean {
    return this.#measuring !== undefined;
  }

  /** Loads a model; the first one is measured before it is used, and others wait for that. */
  async load(model: ModelBytes): Promise<ModelShape> {
    while (this.#measuring) await this.#measuring;
    if (this.#isMeasured) return this.#options.pool.load(model);
    const loading = this.#loadFirst(model);
    this.#measuring = loading
      .then(
        () => void (this.#isMeasured = true),
        () => undefined, // the next model is the first
      )
      .finally(() => (this.#measuring = undefined));
    return loading;
  }

  release(model: number): void {
    this.#options.pool.release(model);
  }

  async #loadFirst(bytes: ModelBytes): Promise<ModelShape> {
    const { pool, batcher, maxBatch, cores, log } = this.#options;
    const shape = await pool.load(bytes);
    const model = { model: bytes.model, shape };
    const resize = (threads: number): Promise<void> => pool.resize(threads);
    try {
      const speeds = await measureThreads({ batcher, model, maxBatch, resize }, cores);
      await resize(speeds.length === 0 ? cores : fewestThreads(speeds));
      log('threads-measured', { threads: pool.size, ref: bytes.ref, speeds });
    } catch (error) {
      // The network fails on positions: whoever asks for it will be told so, and others shall not have fewer threads.
      await resize(cores);
      log('threads-not-measured', { threads: pool.size, ref: bytes.ref, error: AppError.from(error).message });
    }
    return shape;
  }
}
