/**
 * The steps of an `sft` job: plans each batch, has the grid carry it out, and repeats a step whose rank died on a grid made
 * whole again. A step that fails has changed nothing, so a repeated one gives the same bits.
 */

import { AppError } from '../../core/errors.js';
import { makeSchedule, type Schedule } from '../../nn/optimizers/schedules.js';
import { type SchedulingPolicy, SHARDED, type StepPlan } from '../../methods/scheduling/plan.js';
import { planStep } from '../../methods/scheduling/plan-step.js';
import { type GridOptions, type GridResult, type GridWork, RankGrid } from '../../ranks/grid.js';
import { type GridProfile, checkProfile, estimateProfile, profileGrid } from '../../ranks/profile.js';
import { lengthsOf, normaliserOf, type StepSequence } from '../../ranks/rows.js';
import type { StateMemory } from '../../ranks/training-state.js';
import type { SftConfig } from './config.js';

export interface SftTrainerOptions {
  readonly config: SftConfig;
  readonly grid: Omit<GridOptions, 'state'>;
  readonly state: StateMemory;
  /** Steps made so far. */
  readonly step: number;
  /** Steps of the whole job, for the learning rate. */
  readonly totalSteps: number;
  /** Of the checkpoint, if there is one. */
  readonly profile?: GridProfile;
  /** Called when a step is repeated, with the reason. */
  readonly repeated: (reason: string) => void;
  readonly onGrid?: (grid: RankGrid) => void;
}

export interface SftStep {
  readonly result: GridResult;
  readonly plan: StepPlan;
  readonly learningRate: number;
  readonly planMs: number;
  /** Positions computed. */
  readonly tokens: number;
  /** Of those, in sharded sequences. */
  readonly shardedTokens: number;
  readonly microSteps: number;
}

/** Owns the grid. Calls must not overlap. */
export class SftTrainer {
  readonly profile: GridProfile;
  readonly #options: SftTrainerOptions;
  readonly #schedule: Schedule;
  #grid: RankGrid;
  #step: number;
  #isCancelled = false;

  private constructor(options: SftTrainerOptions, grid: RankGrid, profile: GridProfile) {
    this.#options = options;
    this.#grid = grid;
    this.profile = profile;
    this.#step = options.step;
    this.#schedule = scheduleOf(options.config, options.totalSteps);
  }

  /** Opens the grid and, unless there is a profile that fits, makes one. */
  static async open(options: SftTrainerOptions): Promise<SftTrainer> {
    const grid = await openGrid(options);
    try {
      return new SftTrainer(options, grid, await profileOf(options, grid));
    } catch (error) {
      await grid.close();
      throw error;
    }
  }

  /** Steps made. */
  get step(): number {
    return this.#step;
  }

  /** Makes the next step. */
  async train(sequences: readonly StepSequence[]): Promise<SftStep> {
    const { config } = this.#options;
    const started = performance.now();
    const plan = this.#plan(sequences);
    const planMs = performance.now() - started;
    const learningRate = this.#schedule(this.#step);
    const { beta1, beta2, weightDecay, clipNorm } = config;
    const optimizer = { learningRate, beta1, beta2, epsilon: 1e-8, weightDecay, update: this.#step + 1 };
    const result = await this.#withGrid((grid) =>
      grid.train({ step: this.#step, sequences, plan }, optimizer, clipNorm),
    );
    this.#step++;
    return { result, plan, learningRate, planMs, ...tokensOf(plan, lengthsOf(sequences)) };
  }

  /** Mean loss over samples, in batches of the size of training's. */
  async evaluate(sequences: readonly StepSequence[]): Promise<number> {
    const { batchSize } = this.#options.config;
    let sum = 0;
    let weight = 0;
    for (let start = 0; start < sequences.length; start += batchSize) {
      const batch = sequences.slice(start, start + batchSize);
      const work: GridWork = { step: this.#step, sequences: batch, plan: this.#plan(batch) };
      const { loss } = await this.#withGrid((grid) => grid.evaluate(work));
      const normaliser = normaliserOf(batch);
      sum += loss * normaliser;
      weight += normaliser;
    }
    return sum / weight;
  }

  /** Makes the call under way fail as 'cancelled', and every later one. */
  cancel(): void {
    this.#isCancelled = true;
    this.#grid.cancel();
  }

  /** Ends the grid. */
  close(): Promise<void> {
    return this.#grid.close();
  }

  #plan(sequences: readonly StepSequence[]): StepPlan {
    const { policy, microBatch, dataParallel, contextParallel, bucketSize } = this.#options.config;
    const cluster = { dataParallel, contextParallel, bucketSize, cost: this.profile.cost };
    return planStep(policy, lengthsOf(sequences), cluster, usesMicroBatch(policy) ? { microBatch } : {});
  }

  async #withGrid<T>(call: (grid: RankGrid) => Promise<T>): Promise<T> {
    const { maxRankFailures } = this.#options.config;
    for (let failures = 0; ; failures++) {
      try {
        return await call(this.#grid);
      } catch (error) {
        const { kind, message } = AppError.from(error);
        const mayRepeat = kind === 'unavailable' && failures < maxRankFailures && !this.#isCancelled;
        if (!mayRepeat) throw error;
        await this.#grid.close();
        this.#grid = await openGrid(this.#options);
        this.#options.repeated(message);
      }
    }
  }
}

async function openGrid({ grid, state, onGrid }: SftTrainerOptions): Promise<RankGrid> {
  const opened = await RankGrid.open({ ...grid, state });
  onGrid?.(opened);
  return opened;
}

/** A kept profile of another grid or machine is not used. */
async function profileOf({ config, grid, step, profile }: SftTrainerOptions, ranks: RankGrid): Promise<GridProfile> {
  if (profile) {
    try {
      checkProfile(profile, grid);
      return profile;
    } catch (error) {
      if (AppError.from(error).kind !== 'failed-precondition') throw error;
    }
  }
  if (config.costModel === 'estimate') return estimateProfile(grid);
  return profileGrid(ranks, grid, { step, vocabularySize: grid.architecture.vocabulary });
}

function scheduleOf(config: SftConfig, totalSteps: number): Schedule {
  const { schedule, learningRate, finalLearningRateShare } = config;
  // A job shorter than its warm-up only warms up.
  const warmupSteps = Math.min(config.warmupSteps, totalSteps - 1);
  if (learningRate === 0) return () => 0;
  return makeSchedule({
    decay: schedule,
    peak: learningRate,
    final: learningRate * finalLearningRateShare,
    warmupSteps,
    totalSteps,
  });
}

function usesMicroBatch(policy: SchedulingPolicy): boolean {
  return policy === 'shard-all' || policy === 'sorted';
}

function tokensOf(
  { microBatches }: StepPlan,
  lengths: Int32Array,
): Pick<SftStep, 'tokens' | 'shardedTokens' | 'microSteps'> {
  let tokens = 0;
  let shardedTokens = 0;
  for (const { sequences, placements } of microBatches.flat()) {
    sequences.forEach((sequence, i) => {
      tokens += lengths[sequence]!;
      if (placements[i] === SHARDED) shardedTokens += lengths[sequence]!;
    });
  }
  return { tokens, shardedTokens, microSteps: Math.max(...microBatches.map(({ length }) => length)) };
}
