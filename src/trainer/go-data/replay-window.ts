/**
 * How much of the past a job trains on. The window grows slower than the data, so the games of weak early networks
 * leave it: W(N) = c · (1 + β · ((N / c)^α − 1) / α) for N ≥ c (KataGo, arXiv 1902.10565, appendix C).
 */

/** The shape of the window's growth. */
export interface WindowGrowth {
  /** c: below this many positions everything is kept. */
  readonly min: number;
  /** α in [0, 1]; 0 is the limit c · (1 + β · ln(N / c)). */
  readonly exponent: number;
  /** β: slope of the growth at N = c. */
  readonly scale: number;
}

/** Newest positions to train on when `total` have been collected; a whole number, at most `total`. */
export function windowSize(total: number, growth: WindowGrowth): number {
  const { min, exponent, scale } = growth;
  if (total <= min) return total;
  const ratio = total / min;
  const grown = exponent === 0 ? Math.log(ratio) : (ratio ** exponent - 1) / exponent;
  return Math.min(total, Math.floor(min * (1 + scale * grown)));
}

/** When training may make its next step. */
export interface TrainingPace {
  readonly batchSize: number;
  /** Times that a position is trained on, on average. */
  readonly sampleFactor: number;
  /** Positions to collect before the first step. */
  readonly startPositions: number;
}

/** Steps that may have been made in all once `total` positions have been collected. */
export function stepsDue(total: number, pace: TrainingPace): number {
  if (total < pace.startPositions) return 0;
  return Math.floor((total * pace.sampleFactor) / pace.batchSize);
}
