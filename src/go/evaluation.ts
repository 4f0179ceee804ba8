/** What a Go network says about a position. */

/** An opinion of one position, from the point of view of the side to move; satisfies the search's `Evaluation`. */
export interface GoEvaluation {
  /** Policy logits [size² + 1], pass last; illegal moves are not masked. */
  readonly logits: Float32Array;
  /** Probabilities of the result for the side to move; they sum to 1. */
  readonly win: number;
  readonly draw: number;
  readonly loss: number;
  /** win − loss, in [-1, 1]. */
  readonly value: number;
  /** Expected final score for the side to move, in points, komi included. */
  readonly score: number;
  /** Standard deviation of the final score, in points; absent where the network does not say. */
  readonly scoreStdev?: number;
  /** Points by which the side to move leads: the komi change that would make the game even; absent where not known. */
  readonly lead?: number;
  /** Variance of the number of moves until the game is decided; absent where the network does not say. */
  readonly varTimeLeft?: number;
  /** How far off `value` and `score` will turn out to be in the next moves; absent where the network does not say. */
  readonly shorttermWinlossError?: number;
  readonly shorttermScoreError?: number;
  /** Expected owner of every point [size²] in [-1, 1], 1 for the side to move; absent unless asked for. */
  readonly ownership?: Float32Array;
}
