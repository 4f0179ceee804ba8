/**
 * A grid of ranks on this machine: dataParallel groups of contextParallel worker threads, and the training state that
 * they share. The caller plans; the grid carries out. A grid that has lost a rank is of no more use, but its state is as
 * before the step under way: open another on the same memory.
 */

import { AppError, assert } from '../core/errors.js';
import type { EngineSettings } from '../engine/engine-settings.js';
import { ServiceThread } from '../threads/service-thread.js';
import { threadUrl } from '../threads/thread-url.js';
import type { StepPlan } from '../methods/scheduling/plan.js';
import type { TransformerConfiguration } from '../nn/networks/transformer/configuration.js';
import type { AdamWStep } from './adamw.js';
import { keyValueWidth } from './kernels.js';
import type { RankCalls, RankCommand, RankResult, RankStart, RankTime } from './messages.js';
import { GRADIENT_BLOCK } from './rank.js';
import { type StepSequence, normaliserOf } from './rows.js';
import { type RankGroupMemory, cancelRankGroup, failRankGroup, makeRankGroupMemory } from './shared-memory.js';
import { type StateMemory, copyOfStep } from './training-state.js';

/** What a grid is made of. */
export interface GridOptions {
  readonly dataParallel: number;
  readonly contextParallel: number;
  /** Tokens that a rank may be given at once. */
  readonly bucketSize: number;
  readonly engine: EngineSettings;
  readonly architecture: TransformerConfiguration;
  readonly state: StateMemory;
  /** Time added to every exchange of keys and values, for benchmarks; 0 unless given. */
  readonly latencyMs?: number;
  /** Keeps the spans of every activity; off unless given. */
  readonly traces?: boolean;
}

/** A batch and its schedule. */
export interface GridWork {
  /** The copy of the state that is read. */
  readonly step: number;
  readonly sequences: readonly StepSequence[];
  /** For the lengths of `sequences`, on this grid. */
  readonly plan: Pick<StepPlan, 'microBatches'>;
}

/** What a command gave. */
export interface GridResult {
  /** Mean over the weights of the batch. */
  readonly loss: number;
  /** Before clipping; 0 unless trained. */
  readonly gradientNorm: number;
  /** [rank][micro-step] */
  readonly times: readonly (readonly RankTime[])[];
  /** All-reduce and optimizer, of the slowest rank. */
  readonly updateMs: number;
}

type RankThread = ServiceThread<RankCalls>;

/** A grid at work. */
export class RankGrid {
  readonly #options: GridOptions;
  readonly #threads: RankThread[] = [];
  readonly #memories: RankGroupMemory[] = [];
  #failure: AppError | undefined;

  private constructor(options: GridOptions) {
    this.#options = options;
  }

  /** Starts the threads; resolves when every rank has compiled its programs. */
  static async open(options: GridOptions): Promise<RankGrid> {
    const grid = new RankGrid(options);
    try {
      grid.#start();
      await Promise.all(
        grid.#threads.map((thread, rank) => thread.opened.catch((error: unknown) => grid.#lose(rank, error))),
      );
    } catch (error) {
      await grid.close();
      throw error;
    }
    return grid;
  }

  get size(): number {
    return this.#threads.length;
  }

  /**
   * Makes one training step from the state of `step`; that of `step + 1` is whole when the promise resolves. If it rejects
   * the state of `step` is as it was.
   *
   * @throws AppError 'unavailable' if a rank is gone, 'cancelled' if the grid was cancelled
   */
  train(work: GridWork, optimizer: Omit<AdamWStep, 'scale'>, clipNorm: number): Promise<GridResult> {
    return this.#run(work, (part) => ({ ...part, kind: 'train', optimizer, clipNorm }));
  }

  /** The loss alone. */
  evaluate(work: GridWork): Promise<GridResult> {
    return this.#run(work, (part) => ({ ...part, kind: 'evaluate' }));
  }

  /** Makes the exchanges of a training step and computes nothing. */
  exchange(work: GridWork): Promise<GridResult> {
    return this.#run(work, (part) => ({ ...part, kind: 'exchange' }));
  }

  /** The gradient that a training step would use, flat as the state's layout says. Overwrites the copy of `step + 1`. */
  async gradient(work: GridWork): Promise<GridResult & { readonly gradient: Float32Array }> {
    const result = await this.#run(work, (part) => ({ ...part, kind: 'gradient' }));
    return { ...result, gradient: copyOfStep(this.#options.state, work.step + 1).weights.slice() };
  }

  /** Makes what is under way fail as 'cancelled'; the grid is of no more use. */
  cancel(): void {
    this.#failure ??= new AppError('cancelled', 'The grid of ranks was cancelled');
    for (const memory of this.#memories) cancelRankGroup(memory);
  }

  /** Makes the thread of a rank end before its next run, as a crash would; for tests and drills. */
  loseRank(rank: number): void {
    this.#threads[rank]?.tell('crash');
  }

  /** Ends all threads, each after the run under way; whoever waits in an exchange is woken. */
  async close(): Promise<void> {
    this.#failure ??= new AppError('failed-precondition', 'The grid of ranks was closed');
    for (const memory of this.#memories) cancelRankGroup(memory);
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #start(): void {
    const { dataParallel, contextParallel, bucketSize, engine, architecture, state } = this.#options;
    const { latencyMs = 0, traces = false } = this.#options;
    const world = makeRankGroupMemory(dataParallel * contextParallel, GRADIENT_BLOCK);
    this.#memories.push(world);
    // Keys and values, or their gradients, of everything that a group can hold; shards may be a token longer.
    const capacity = 2 * keyValueWidth(architecture) * contextParallel * (bucketSize + 2);
    for (let dp = 0; dp < dataParallel; dp++) {
      const group = makeRankGroupMemory(contextParallel, capacity);
      this.#memories.push(group);
      for (let groupRank = 0; groupRank < contextParallel; groupRank++) {
        const rank = dp * contextParallel + groupRank;
        const start = { rank, groupRank, engine, architecture, state, world, group, latencyMs, traces };
        this.#threads.push(startRank(start, (why) => this.#lost(rank, why)));
      }
    }
  }

  /** Lets every rank that waits for the lost one know. */
  #lost(rank: number, failure: AppError): void {
    // Those that fail because another is gone, or because all were cancelled, are not the cause.
    this.#failure ??= failure;
    for (const memory of this.#memories) failRankGroup(memory, rank % memory.size);
  }

  /** A rank that failed computes no more. */
  #lose(rank: number, thrown: unknown): never {
    const { kind, message } = AppError.from(thrown);
    const failure = new AppError(kind, `Rank ${rank} failed: ${message}`, { cause: thrown });
    this.#lost(rank, failure);
    throw failure;
  }

  /** Why a call failed: the rank that is gone rather than those that miss it. */
  #cause(reason: unknown): AppError {
    return this.#failure ?? AppError.from(reason);
  }

  async #run(
    { step, sequences, plan }: GridWork,
    command: (part: Omit<Extract<RankCommand, { kind: 'evaluate' }>, 'kind'>) => RankCommand,
  ): Promise<GridResult> {
    if (this.#failure) throw this.#failure;
    const { contextParallel } = this.#options;
    const normaliser = normaliserOf(sequences);
    const replies = await Promise.allSettled(
      this.#threads.map((thread, rank) => {
        const microBatches = plan.microBatches[Math.floor(rank / contextParallel)] ?? [];
        const mine = sequencesOf(sequences, microBatches);
        return thread
          .call('run', command({ step, normaliser, ...mine }))
          .catch((error: unknown) => this.#lose(rank, error));
      }),
    );
    const done: RankResult[] = [];
    for (const reply of replies) {
      if (reply.status === 'rejected') throw this.#cause(reply.reason);
      done.push(reply.value);
    }
    const [first] = done;
    assert(first !== undefined, 'a grid has a rank');
    return {
      loss: first.loss,
      gradientNorm: first.gradientNorm,
      times: done.map(({ times }) => times),
      updateMs: Math.max(...done.map(({ updateMs }) => updateMs)),
    };
  }
}

/** Only the sequences that a group computes are sent to it, under new numbers. */
function sequencesOf(
  sequences: readonly StepSequence[],
  microBatches: StepPlan['microBatches'][number],
): Pick<Extract<RankCommand, { kind: 'evaluate' }>, 'sequences' | 'microBatches'> {
  const mine: StepSequence[] = [];
  const renumbered = microBatches.map((batch) => ({
    ...batch,
    sequences: batch.sequences.map((index) => mine.push(sequences[index]!) - 1),
  }));
  return { sequences: mine, microBatches: renumbered };
}

function startRank(start: RankStart, lost: (why: AppError) => void): RankThread {
  return new ServiceThread({
    name: `rank ${start.rank}`,
    url: threadUrl(import.meta.url, './rank-thread.js'),
    start,
    gone: (why) => why && lost(new AppError('unavailable', `Rank ${start.rank} is gone`, { cause: why })),
  });
}
