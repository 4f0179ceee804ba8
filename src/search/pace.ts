/** How many positions to have in flight at an evaluator. */

export interface Pace {
  /** Positions in flight that keep the evaluator busy, those on their way there and back included. */
  readonly inFlight: number;
  /** How many times longer an answer takes than the evaluation alone, because of the way; at least 1. */
  readonly stretch: number;
}

/** Positions at the evaluator for each one that it can evaluate at once: the next ones wait there when a batch is done. */
const AHEAD = 1.5;

/** @param capacity positions that are evaluated at once */
export function paceOf(capacity: number, stretch = 1): Pace {
  return { inFlight: Math.ceil(AHEAD * capacity * stretch), stretch };
}
