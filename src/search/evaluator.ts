/**
 * What the search needs to know of a network. Implemented in process, over gRPC, and by the tests' scripted evaluators.
 */

import type { CancelSignal } from '../core/signals.js';
import type { Pace } from './pace.js';

/** An opinion of one position, from the point of view of the side to move. */
export interface Evaluation {
  /** Policy logits [actionCount]; illegal actions are not masked. */
  readonly logits: ArrayLike<number>;
  /** Expected result in [-1, 1]. */
  readonly value: number;
}

/** Evaluates batches of positions; `evaluations[i]` belongs to `positions[i]`. */
export interface Evaluator<G, E extends Evaluation = Evaluation> {
  evaluate(positions: readonly G[], options?: { readonly signal?: CancelSignal }): Promise<readonly E[]>;
  /** What keeps it busy, as far as is known by now; nothing if it does not know. */
  readonly pace?: Pace | undefined;
}
