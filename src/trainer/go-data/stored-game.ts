/** Games as training gets them. */

import type { GameRecord } from '../../go/game-record.js';

/** A durable game of an `alphazero` job. */
export interface StoredGame {
  /** Grows with every game stored, over all jobs or within this one; the order in which training sees the games. */
  readonly sequence: number;
  readonly record: GameRecord;
}
