/** What draws the prompts of a loop, as the loop sees it. */

/** How parallel the states of a prompt's tokens are: section by section. */
export interface AngleScore {
  readonly intra: number;
  readonly inter: number;
  readonly debiasedIntra: number;
  readonly length: number;
}

/** What came of a draw. */
export interface StepOutcome {
  /** Indices into the pool. */
  readonly drawn: readonly number[];
  /** Correctness in [0, 1] of each of them. */
  readonly passRates: readonly number[];
  readonly angle?: readonly AngleScore[];
}

/** Draws prompts. */
export interface Curriculum {
  /** Indices into the pool. */
  draw(count: number): readonly number[];
  update(outcome: StepOutcome): void;
  /** Plain JSON, with its chance. */
  state(): unknown;
}
