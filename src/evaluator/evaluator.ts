/**
 * Evaluates positions of many callers in shared batches: looks into the cache, queues the rest for the session threads,
 * and swaps model versions while serving.
 */

import { availableParallelism } from 'node:os';

import { breathe } from '../core/breathe.js';
import { AppError, check } from '../core/errors.js';
import { cancelled, type CancelSignal, orAborted, throwIfAborted } from '../core/signals.js';
import type { AnsweredPrecision, AskedPrecision } from '../core/precision.js';
import { engineOf, type EngineSettings } from '../engine/engine-settings.js';
import type { GoEvaluation } from '../go/evaluation.js';
import type { Snapshot } from '../go/snapshot.js';
import { Batcher, type BatchListener } from './batcher.js';
import { EvaluationCache } from './cache.js';
import { MOST_THREADS, type EvaluatorConfig } from './config.js';
import { PendingEvaluation } from './pending-evaluation.js';
import { type EvaluatorLog, type LoadedModel, LoadedModels } from './loaded-models.js';
import { type EvaluatorMetrics, makeCounters } from './metrics.js';
import { MeasuredThreads } from './measured-threads.js';
import type { ModelShape, ServedModels } from './model-source.js';
import { floatCount, joinOutputs, partOf, type PlainTensors } from './plain-tensors.js';
import type { InferOutputs } from './session-messages.js';
import { Quiet } from './quiet.js';
import { SessionPool, type PoolPorts } from './session-pool.js';
import { makeSlotMemory, Slots } from './slots.js';
import { WaitingTimes } from './waiting-times.js';

/** Positions to evaluate with one model. */
export interface EvaluateRequest {
  /** A name, name@version, or '' for the promoted one. */
  readonly model: string;
  /** Checked snapshots (go/snapshot.ts). */
  readonly positions: readonly Snapshot[];
  /** `bulk` if not given. */
  readonly priority?: 'interactive' | 'bulk';
  /** `auto` if not given. */
  readonly precision?: AskedPrecision;
  /** Whether to return ownership; not if not given. */
  readonly ownership?: boolean;
  /** When it aborts, positions of this request that are still queued are dropped. */
  readonly signal?: CancelSignal;
}

/** The answer to one request. */
export interface EvaluateResult {
  /** name@version of the model that answered. */
  readonly modelVersion: string;
  /** In which that model answered. */
  readonly precision: AnsweredPrecision;
  /** [positions], in the order of the request. */
  readonly evaluations: readonly GoEvaluation[];
}

/** The settings, with whatever engine is given. */
export type EvaluatorSettings = Omit<EvaluatorConfig, keyof EngineSettings> & EngineSettings;

/** Positions from which on a batch on one core costs hardly less a position. */
const USEFUL_BATCH = 16;

/** Batched evaluation in worker threads. */
export class Evaluator {
  readonly #config: EvaluatorSettings;
  readonly #slots: Slots;
  readonly #batcher: Batcher;
  readonly #pool: SessionPool;
  /** Where the number of threads is to be measured. */
  readonly #threads: MeasuredThreads | undefined;
  readonly #models: LoadedModels;
  readonly #caches = new Map<number, EvaluationCache>();
  readonly #counters = makeCounters();
  readonly #waiting = new WaitingTimes();
  /** When work for which nobody waits may go on. */
  readonly quiet = new Quiet(() => this.#pendingPositions);
  #inferring = 0;
  #closed = false;

  /** @param ports real threads and the machine's clock if not given */
  constructor(source: ServedModels, config: EvaluatorSettings, log: EvaluatorLog = () => undefined, ports?: PoolPorts) {
    this.#config = config;
    // A batch running and one ready for every thread, one that bulk positions fill, and one kept for interactive ones.
    const cores = Math.min(MOST_THREADS, availableParallelism());
    const memory = makeSlotMemory(2 * (config.threads || cores) + 2, config.maxBatch);
    this.#slots = new Slots(memory);
    const counters = this.#counters;
    const listener: BatchListener = {
      batchDone: (positions, computeMicros) => {
        if (this.#threads?.isMeasuring) return;
        counters.batches++;
        counters.evaluations += positions;
        counters.computeMicros += computeMicros;
      },
      waited: (positions, micros) => {
        if (this.#threads?.isMeasuring) return;
        counters.queueMicros += positions * micros;
        this.#waiting.add(micros, positions);
      },
    };
    const threads = (): number => this.#pool.size;
    this.#batcher = new Batcher(this.#slots, () => performance.now() * 1000, listener, threads);
    const { symmetry, symmetrySeed } = config;
    const settings = { engine: engineOf(config), symmetry: { symmetry, symmetrySeed } };
    this.#pool = new SessionPool(
      config.threads || 1,
      memory,
      settings,
      {
        finished: (slot) => this.#batcher.finished(slot),
        failed: (slot, error) => {
          log('batch-failed', { error: error.message });
          this.#batcher.failed(slot, new AppError('internal', 'The network failed on this request', { cause: error }));
        },
        lost: (thread, cause) => {
          counters.threadRestarts++;
          log('thread-died', { thread, error: cause instanceof Error ? cause.message : String(cause) });
          this.#batcher.lost(thread);
        },
      },
      ports,
    );
    const { maxBatch } = config;
    const [pool, batcher] = [this.#pool, this.#batcher];
    this.#threads = config.threads === 0 ? new MeasuredThreads({ pool, batcher, maxBatch, cores, log }) : undefined;
    this.#models = new LoadedModels(source, this.#threads ?? pool, config.loadedVersions, log);
  }

  /**
   * Resolves once the threads take work; requests from before that wait for it.
   *
   * @throws AppError 'failed-precondition' if the engine of the settings cannot be opened here
   */
  ready(): Promise<void> {
    return this.#pool.ready();
  }

  /**
   * Evaluates positions.
   *
   * @throws AppError 'not-found' for an unknown model, 'invalid-argument' for a wrong board size, 'resource-exhausted'
   *   when the queue is full, 'cancelled' when the signal aborts, 'internal' when the network fails
   */
  async evaluate(request: EvaluateRequest): Promise<EvaluateResult> {
    if (request.priority !== 'interactive') return this.#evaluateNow(request);
    this.quiet.began();
    try {
      return await this.#evaluateNow(request);
    } finally {
      this.quiet.ended();
    }
  }

  async #evaluateNow(request: EvaluateRequest): Promise<EvaluateResult> {
    throwIfAborted(request.signal);
    const { model: name, precision = 'auto' } = request;
    let model = this.#models.find(name, precision);
    while (!model) {
      await orAborted(this.#models.get(name, precision), request.signal);
      // Found again rather than taken from above: it may have given way to another version since.
      model = this.#models.find(name, precision);
    }
    const { positions } = request;
    for (const { size } of positions) checkBoard(model, size);
    const size = positions[0]?.size ?? model.shape.boards[1];
    return positions.every((position) => position.size === size)
      ? this.#evaluate(model, request, size)
      : this.#evaluateBySize(model, request);
  }

  /**
   * Runs a model on features instead of positions.
   *
   * @throws AppError like `evaluate`; 'invalid-argument' also for arrays of the wrong length
   */
  async infer(model: string, inputs: PlainTensors): Promise<{ modelVersion: string; outputs: InferOutputs }> {
    let loaded = this.#models.find(model, 'auto');
    while (!loaded) {
      await this.#models.get(model, 'auto');
      loaded = this.#models.find(model, 'auto');
    }
    const { planes, globals } = loaded.shape;
    const { size } = inputs;
    checkBoard(loaded, size);
    const expected = inputs.count * planes * size * size;
    check(
      floatCount(inputs.planes) === expected,
      () => `planes holds ${floatCount(inputs.planes)} numbers; expected ${expected}`,
    );
    const rest = inputs.count * globals;
    check(
      floatCount(inputs.globals) === rest,
      () => `globals holds ${floatCount(inputs.globals)} numbers; expected ${rest}`,
    );
    this.#admit(inputs.count);
    this.#inferring += inputs.count;
    this.#models.use(loaded);
    try {
      const parts: Promise<InferOutputs>[] = [];
      for (let from = 0; from < inputs.count; from += this.#config.maxBatch) {
        if (from > 0) await breathe();
        const to = Math.min(inputs.count, from + this.#config.maxBatch);
        const part = this.#pool.infer(loaded.model, () => partOf(inputs, from, to));
        // It may fail before all parts are on their way.
        part.catch(() => undefined);
        parts.push(part);
      }
      return { modelVersion: loaded.ref, outputs: joinOutputs(await Promise.all(parts)) };
    } finally {
      this.#models.done(loaded);
      this.#inferring -= inputs.count;
    }
  }

  /** The version that `name` stands for and what it plays; loads it. */
  async describe(name: string): Promise<{ readonly ref: string; readonly shape: ModelShape }> {
    const { ref, shape } = await this.#models.get(name, 'auto');
    return { ref, shape };
  }

  /** Call after a promotion: names that stand for another version now move to it as soon as it is loaded. */
  refresh(): Promise<void> {
    return this.#models.refresh();
  }

  /** Call when the precision in which a version, or all of a model, is to be served may have changed. */
  reload(nameOrRef: string): Promise<void> {
    return this.#models.reload(nameOrRef);
  }

  /** Positions that are evaluated at once when all threads are busy with batches that are worth computing. */
  get capacity(): number {
    return this.#pool.size * Math.min(USEFUL_BATCH, this.#config.maxBatch);
  }

  /** The same of bulk requests, which fill the batches since nobody waits for them. */
  get bulkCapacity(): number {
    return this.#pool.size * this.#config.maxBatch;
  }

  /** The counters as they are now. */
  metrics(): EvaluatorMetrics {
    const { evaluations, batches } = this.#counters;
    return {
      ...this.#counters,
      batchFill: batches === 0 ? 0 : evaluations / (batches * this.#config.maxBatch),
      pending: this.#pendingPositions,
      loadedVersions: this.#models.count,
      threads: this.#pool.size,
      waiting: this.#waiting.counts(),
    };
  }

  /** Makes a session thread die with the next batch after this resolved, as a crash would; for tests and drills. */
  crashThread(thread: number): Promise<void> {
    return this.#pool.crash(thread);
  }

  /** Stops the threads; what is waiting fails with 'unavailable'. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#batcher.close(new AppError('unavailable', 'The evaluator is closing'));
    await this.#pool.close();
  }

  /** Positions waiting or being evaluated now. */
  get #pendingPositions(): number {
    return this.#batcher.pending + this.#inferring;
  }

  async #evaluateBySize(model: LoadedModel, request: EvaluateRequest): Promise<EvaluateResult> {
    const { positions } = request;
    const evaluations = new Array<GoEvaluation>(positions.length);
    const sizes = [...new Set(positions.map(({ size }) => size))];
    await Promise.all(
      sizes.map(async (size) => {
        const places = [...positions.keys()].filter((i) => positions[i]!.size === size);
        const part = { ...request, positions: places.map((i) => positions[i]!) };
        const answer = await this.#evaluate(model, part, size);
        places.forEach((place, i) => (evaluations[place] = answer.evaluations[i]!));
      }),
    );
    return { modelVersion: model.ref, precision: model.precision, evaluations };
  }

  #evaluate(model: LoadedModel, request: EvaluateRequest, size: number): Promise<EvaluateResult> {
    const { positions, ownership = false, signal } = request;
    this.#admit(positions.length);
    const pending = new PendingEvaluation(
      model,
      { positions, size, interactive: request.priority === 'interactive', ownership },
      { slots: this.#slots, cache: this.#cacheFor(size) },
    );
    this.#counters.requests++;
    this.#counters.cacheHits += positions.length - pending.count;
    if (this.#config.cacheMegabytes > 0) this.#counters.cacheMisses += pending.count;
    return this.#run(pending, model, signal);
  }

  /** A function of its own, so that what waits does not hold the positions, which are packed by now. */
  #run(pending: PendingEvaluation, model: LoadedModel, signal: CancelSignal | undefined): Promise<EvaluateResult> {
    this.#models.use(model);
    return new Promise((resolve, reject) => {
      const settled = (error: AppError | undefined): void => {
        signal?.removeEventListener('abort', abandon);
        this.#models.done(model);
        if (error) reject(error);
        else resolve({ modelVersion: model.ref, precision: model.precision, evaluations: pending.evaluations });
        if (error) this.#counters[error.kind === 'cancelled' ? 'cancelled' : 'failed']++;
      };
      const abandon = (): void => {
        this.#batcher.cancel(pending);
        settled(cancelled(signal!));
      };
      if (pending.count === 0) {
        settled(undefined);
        return;
      }
      signal?.addEventListener('abort', abandon, { once: true });
      pending.settled = settled;
      this.#batcher.submit(pending);
    });
  }

  #admit(positions: number): void {
    if (this.#closed) throw new AppError('unavailable', 'The evaluator is closing');
    const waiting = this.#pendingPositions;
    if (waiting + positions <= this.#config.maxPending) return;
    this.#counters.refused++;
    throw new AppError(
      'resource-exhausted',
      `The evaluator's queue is full: ${String(waiting)} positions wait, ${String(positions)} more do not fit in ` +
        `${String(this.#config.maxPending)}; try again later`,
    );
  }

  #cacheFor(size: number): EvaluationCache | undefined {
    if (this.#config.cacheMegabytes === 0) return undefined;
    let cache = this.#caches.get(size);
    if (!cache) this.#caches.set(size, (cache = new EvaluationCache(size, this.#config.cacheMegabytes * 2 ** 20)));
    return cache;
  }
}

/** @throws AppError 'invalid-argument' unless the model plays boards of this size */
function checkBoard({ ref, shape }: LoadedModel, size: number): void {
  const [smallest, largest] = shape.boards;
  if (size >= smallest && size <= largest) return;
  const plays = smallest === largest ? '' : `${smallest}×${smallest} to `;
  throw new AppError(
    'invalid-argument',
    `Model ${ref} plays ${plays}${largest}×${largest}; the position is ${size}×${size}`,
  );
}
