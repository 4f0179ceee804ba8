/** A game as self-play records it → a variation of a tree. */

import type { NewVariation, SearchedPosition } from './game-tree.js';

/** What a record of a game has to offer; the first player moves at even plies. */
export interface PlayedGame {
  readonly moves: readonly number[];
  /** One for every move after the shared ones. */
  readonly searches: readonly {
    /** Alternating move and weight; empty where no search was made. */
    readonly policy: ArrayLike<number>;
    /** For the side to move, in [-1, 1]. */
    readonly value: number;
    /** Whether it was a full search; branches begin only at these. */
    readonly full: boolean;
  }[];
}

/**
 * The variation that a game is.
 *
 * @param sharedMoves see `NewVariation`
 * @param result for the first player: 1 won, 0 drawn, −1 lost
 */
export function variationOf({ moves, searches }: PlayedGame, sharedMoves: number, result: number): NewVariation {
  const positions = searches.map(({ policy, value, full }, i): SearchedPosition | undefined => {
    if (policy.length === 0) return undefined;
    const sign = (sharedMoves + i) % 2 === 0 ? 1 : -1;
    return { policy, winRate: (1 + sign * value) / 2, isCandidate: full };
  });
  return { moves, sharedMoves, positions, result: (1 + result) / 2 };
}
