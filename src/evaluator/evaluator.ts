/**
 * Evaluates positions of many callers in shared batches: looks into the cache, queues the rest for the session threads,
 * and swaps model versions while serving.
 */

import { availableParallelism } from 'node:os';

import { breathe } from '../core/breathe.js';
import { AppError, check } from '../core/errors.js';
import { cancelled, type CancelSignal, orAborted, throwIfAborted } from '../core/signals.js';
import { engineOf, type EngineSettings } from '../engine/engine-settings.js';
import type { GoEvaluation } from '../go/evaluation.js';
import { type PackedEvaluations, unpackEvaluations } from '../go/packed-evaluation.js';
import { packPositions } from '../go/packed-position.js';
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
import type { EvaluateOptions, EvaluateRequest, EvaluateResult, PackedRequest } from './requests.js';
import { SessionPool, type PoolPorts } from './session-pool.js';
import { makeSlotMemory, Slots } from './slots.js';
import { WaitingTimes } from './waiting-times.js';

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
  evaluate({ positions, ...options }: EvaluateRequest): Promise<EvaluateResult> {
    return this.#withModel(options, async (model) => {
      const sizes = new Set(positions.map(({ size }) => size));
      for (const size of sizes) checkBoard(model, size);
      const evaluations = new Array<GoEvaluation>(positions.length);
      const answers = Array.from(sizes, async (size) => {
        const places = [...positions.keys()].filter((place) => positions[place]!.size === size);
        const some = places.map((place) => positions[place]!);
        const answer = await this.#evaluate(model, { ...options, positions: packPositions(some, size) });
        unpackEvaluations(answer.evaluations).forEach((evaluation, i) => (evaluations[places[i]!] = evaluation));
      });
      await Promise.all(answers);
      return { modelVersion: model.ref, precision: model.precision, evaluations };
    });
  }

  /** The same for positions of one size, in bytes, without an object for each. */
  evaluatePacked(request: PackedRequest): Promise<EvaluateResult<PackedEvaluations>> {
    return this.#withModel(request, (model) => {
      checkBoard(model, request.positions.size);
      return this.#evaluate(model, request);
    });
  }

  /** Calls `use` with the model, which `use` has to take at once; loads it before if nobody has. */
  async #withModel<R>(
    { model: name, precision = 'auto', priority, signal }: EvaluateOptions,
    use: (model: LoadedModel) => Promise<R>,
  ): Promise<R> {
    if (priority === 'interactive') this.quiet.began();
    try {
      throwIfAborted(signal);
      let model = this.#models.find(name, precision);
      while (!model) {
        await orAborted(this.#models.get(name, precision), signal);
        // Found again rather than taken from above: it may have given way to another version since.
        model = this.#models.find(name, precision);
      }
      return await use(model);
    } finally {
      if (priority === 'interactive') this.quiet.ended();
    }
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

  #evaluate(model: LoadedModel, request: PackedRequest): Promise<EvaluateResult<PackedEvaluations>> {
    const { positions, ownership = false, priority, signal } = request;
    const { count, size } = positions;
    this.#admit(count);
    const pending = new PendingEvaluation(
      model,
      { positions, interactive: priority === 'interactive', ownership },
      { slots: this.#slots, cache: this.#cacheFor(size) },
    );
    this.#counters.requests++;
    this.#counters.cacheHits += count - pending.count;
    if (this.#config.cacheMegabytes > 0) this.#counters.cacheMisses += pending.count;
    return this.#run(pending, model, signal);
  }

  #run(
    pending: PendingEvaluation,
    model: LoadedModel,
    signal: CancelSignal | undefined,
  ): Promise<EvaluateResult<PackedEvaluations>> {
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
    // A request that is alone has room, or it would be refused for ever.
    if (waiting === 0 || waiting + positions <= this.#config.maxPending) return;
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
