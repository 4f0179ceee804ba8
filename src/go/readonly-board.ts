/** The board of a game, for all but its `Position`. */

import type { Geometry, ReadonlyNumbers } from './geometry.js';

/** A board as those see it that must not change it: the board of a game, which only its `Position` changes. */
export interface ReadonlyBoard {
  readonly geometry: Geometry;
  /** What stands on each cell: 0, 1, 2, or 3 for the border. */
  readonly stones: ReadonlyNumbers;
  /** For stones: the stone that stands for the whole chain. */
  readonly head: ReadonlyNumbers;
  /** For heads: pseudo-liberties. Meaningless elsewhere. */
  readonly liberties: ReadonlyNumbers;
  /** The empty cells, in no useful order [0 … emptyCount). */
  readonly empties: ReadonlyNumbers;
  /** Number of empty cells. */
  readonly emptyCount: number;
}
