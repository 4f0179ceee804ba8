/** What a plan of one training step is: which rank computes which sequence in which micro-batch. */

import type { CostModel } from './cost-model.js';

/** Placement of a sequence that is sharded over all context-parallel ranks (D = 1); see `zigZagShards`. */
export const SHARDED = -1;

/** How sequences are scheduled; see `planStep`. */
export const schedulingPolicies = [
  'shard-all',
  'sorted',
  'token-packing',
  'round-robin',
  'dacp',
  'gds',
  'skrull',
  'skrull-refined',
] as const;
export type SchedulingPolicy = (typeof schedulingPolicies)[number];

/** The grid of ranks that carries out a step, and what it can hold. */
export interface Cluster {
  /** Rank groups, each with other sequences (ws). */
  readonly dataParallel: number;
  /** Ranks of a rank group (N). */
  readonly contextParallel: number;
  /** C: tokens that one rank can hold at once. */
  readonly bucketSize: number;
  readonly cost: CostModel;
  /**
   * γ: tokens of the bucket that the gathered keys and values of one token of a sharded sequence take on every rank, for
   * ranks that gather them all; 0 or absent where they are passed around.
   */
  readonly gatheredShare?: number;
}

/** The sequences that a group computes together. */
export interface MicroBatch {
  /** Indices into the lengths of the step. */
  readonly sequences: readonly number[];
  /** For each of them: SHARDED, or the context-parallel rank that has it whole. */
  readonly placements: readonly number[];
  /** T_DACP (Eq. 1) of the cost model. */
  readonly predictedMs: number;
}

/** Every sequence of a global batch in one micro-batch (Eq. 9). */
export interface StepPlan {
  /** For each data-parallel rank its micro-batches in order; groups may have different numbers of them, also none. */
  readonly microBatches: readonly (readonly MicroBatch[])[];
  /** The time of the slowest group (Eq. 8) and what the step takes beside its micro-steps. */
  readonly predictedMs: number;
}

export interface SchedulingOptions {
  /** Sequences in a micro-batch of `shard-all`, `sorted` and `dacp`; fewer where they would not fit. */
  readonly microBatch?: number;
  /** Whether local sequences are sharded when memory runs out (Alg. 3); on if absent. */
  readonly rollBack?: boolean;
  /** Which one is sharded then: the first found, as in the paper, or the largest; `first` if absent. */
  readonly victim?: Victim;
}

/** Sequences that roll-back may choose. */
export const victims = ['first', 'largest'] as const;
export type Victim = (typeof victims)[number];
