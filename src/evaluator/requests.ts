/** What the evaluator is asked, and what it answers. */

import type { AnsweredPrecision, AskedPrecision } from '../core/precision.js';
import type { CancelSignal } from '../core/signals.js';
import type { GoEvaluation } from '../go/evaluation.js';
import type { PackedPositions } from '../go/packed-position.js';
import type { Snapshot } from '../go/snapshot.js';

/** Positions to evaluate with one model, and how. */
export interface EvaluateOptions {
  /** A name, name@version, or '' for the promoted one. */
  readonly model: string;
  /** `bulk` if not given. */
  readonly priority?: 'interactive' | 'bulk';
  /** `auto` if not given. */
  readonly precision?: AskedPrecision;
  /** Whether to return ownership; not if not given. */
  readonly ownership?: boolean;
  /** When it aborts, positions of this request that are still queued are dropped. */
  readonly signal?: CancelSignal;
}

/** Checked positions of any sizes. */
export interface EvaluateRequest extends EvaluateOptions {
  readonly positions: readonly Snapshot[];
}

/** Checked positions of one size, whose bytes are given away. */
export interface PackedRequest extends EvaluateOptions {
  readonly positions: PackedPositions;
}

/** The answer to one request; evaluations are in the order of its positions. */
export interface EvaluateResult<Evaluations = readonly GoEvaluation[]> {
  /** name@version of the model that answered. */
  readonly modelVersion: string;
  /** In which that model answered. */
  readonly precision: AnsweredPrecision;
  readonly evaluations: Evaluations;
}
