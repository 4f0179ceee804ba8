/** What a search thinks of a position: the moves that it looked at, and what it expects of the game. */

/** One move that the search looked at; all numbers from the point of view of the side to move at the root. */
export interface Candidate {
  readonly action: number;
  readonly visits: number;
  /** Expected result in [-1, 1], and the lower bound of the search's confidence in it. */
  readonly value: number;
  readonly lowerBound: number;
  /** What the search maximises, points counted in, and its lower bound; the same as the value if they are not. */
  readonly utility: number;
  readonly utilityLowerBound: number;
  /** What speaks for playing it, in visits; candidates are in its order. */
  readonly weight: number;
  /** The candidate that was searched for this one too, as a symmetry of the position exchanges them. */
  readonly isSymmetryOf?: number;
  /** Points, komi included; their standard deviation, NaN if the network does not say; and the lead, komi included. */
  readonly score: number;
  readonly scoreStdev: number;
  readonly lead: number;
  /** Probability that the network alone gave the move. */
  readonly prior: number;
  /** The principal variation, this move first, and the visits along it. */
  readonly line: readonly number[];
  readonly lineVisits: readonly number[];
  /** Expected ownership after the move [size²]; empty if nothing was evaluated below it. */
  readonly ownership: Float32Array;
}

/** A search's opinion of the position at its root, for the side to move there. */
export interface Opinion {
  readonly size: number;
  readonly visits: number;
  readonly value: number;
  /** What the network alone thinks of the root, in [-1, 1]. */
  readonly rawValue: number;
  readonly utility: number;
  /** As in a candidate, over the whole tree. */
  readonly score: number;
  readonly scoreStdev: number;
  readonly lead: number;
  /** Visits beyond which the tree may not grow, where that is fewer than were asked for. */
  readonly mostVisits?: number;
  /** The best first. */
  readonly candidates: readonly Candidate[];
  /** Expected ownership [size²], row by row from the top-left. */
  readonly ownership: Float32Array;
}

/** The chance to win that a value in [-1, 1] stands for; a draw counts half. */
export function toWinrate(value: number): number {
  return Math.min(1, Math.max(0, (value + 1) / 2));
}
