/** What passes between a search thread and the main thread. */

import type { AnsweredPrecision } from '../../core/precision.js';
import type { PackedEvaluations } from '../../go/packed-evaluation.js';
import type { PackedPositions } from '../../go/packed-position.js';
import type { SearchRequest } from '../../proto/tengen/v1/search.js';
import type { SentError } from '../../threads/messages.js';

/** Positions that a search in a thread wants evaluated. */
export interface Question {
  readonly id: number;
  /** The game whose search asks. */
  readonly game: number;
  readonly positions: PackedPositions;
  readonly ownership: boolean;
  readonly isBulk: boolean;
}

/** The evaluations of one question, with the numbers that Evaluate would send, so that a search sees the same here and there. */
export type Answer =
  | {
      readonly id: number;
      readonly precision: AnsweredPrecision;
      /** Positions that the evaluator evaluates at once. */
      readonly capacity: number;
      readonly evaluations: PackedEvaluations;
    }
  | { readonly id: number; readonly error: SentError };

/** What the main thread has found out about a request before a thread carries it out. */
export interface Grant {
  /** The model version of the game, name@version. */
  readonly modelVersion: string;
  /** Most visits of a search, by the memory for its tree. */
  readonly visits: number;
  /** Milliseconds after which a search ends in any case. */
  readonly longestMs: number;
}

/** What came of a request. */
export interface Outcome {
  /** The bytes of the answer. */
  readonly answer: Uint8Array;
  /** Visits of the tree that the game keeps for its next search. */
  readonly visits: number;
}

/** What a search thread is asked. Games have numbers that the main thread chose. */
export interface SearchCalls {
  open(game: number): void;
  /**
   * Carries out one request of a game; the one before must be done.
   *
   * @returns the last answer to it; of a search, the final report
   */
  carryOut(game: number, request: SearchRequest, grant: Grant): Promise<Outcome>;
  /** Ends the search under way in a game. */
  stop(game: number): void;
  /** Frees the tree of a game between two searches. */
  forget(game: number): void;
  close(game: number): void;
  /** Answers questions, in any order. */
  answer(answers: readonly Answer[]): void;
}

/** What a search thread says unasked. */
export type SearchEvent =
  | { readonly questions: readonly Question[]; readonly withdrawn: readonly number[] }
  /** A report that is not final: the bytes of an answer. */
  | { readonly game: number; readonly report: Uint8Array };
