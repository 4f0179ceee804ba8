/**
 * What a curriculum is: it chooses which prompts of a pool a step of reinforcement fine-tuning draws. All kinds stand behind one
 * interface, are pure functions of settings, pool, seed and what they are told, and go on bit for bit from their state.
 */

import type { Seed } from '../../core/rng.js';

export interface Prompt {
  readonly id: string;
  /** Tokens of the question, the common prefix not counted. */
  readonly length: number;
  readonly family: string;
  readonly level: number;
}

/** Angle concentration of a prompt by one checkpoint; see angle.ts. */
export interface AngleScore {
  readonly intra: number;
  readonly inter: number;
  readonly debiasedIntra: number;
  /** Tokens of the question. */
  readonly length: number;
}

/** What came of a draw. */
export interface StepOutcome {
  /** Indices into the pool. */
  readonly drawn: readonly number[];
  /** Share of correct completions of each, in [0, 1]. Correctness, never a shaped reward. */
  readonly passRates: readonly number[];
  /** Of each, by the model as it is now, if they are known. */
  readonly angle?: readonly AngleScore[];
}

/** Plain JSON. */
export type CurriculumState = Readonly<Record<string, unknown>> & { readonly kind: string };

/** Draws prompts. */
export interface Curriculum {
  /** Different indices into the pool, `count` of them or as many as there are. */
  draw(count: number): readonly number[];
  update(outcome: StepOutcome): void;
  /** All that the next draw depends on beside the settings and the pool. */
  state(): CurriculumState;
  /** Whether it would order the pool anew, by `reorder`, with scores of the model as it is now. */
  readonly wantsScores: boolean;
  reorder(scores: readonly AngleScore[]): void;
}

/** What a curriculum is made from beside its settings and its pool. */
export interface CurriculumOptions {
  readonly seed: Seed;
  /** Of the whole pool; the kinds `gain`, `gain-debiased` and `mixed` need them. */
  readonly scores?: readonly AngleScore[];
  /** Of the whole pool, any scale, higher is harder; for `accuracy`, which takes the levels where they are not given. */
  readonly difficulties?: readonly number[];
  /** To go on from. */
  readonly state?: CurriculumState;
}
