/**
 * The newest games of a job, from which training positions are drawn. Whole games are kept, so dropping the oldest is
 * cheap; the window itself is exact to the position.
 */

import { assert } from '../../core/errors.js';
import type { Rng } from '../../core/rng.js';

/** A game as the memory sees it: some training positions. */
export interface RememberedGame {
  /** Training positions in the game. */
  readonly rows: number;
  /** Its place in the stored order; see `StoredGame`. */
  readonly sequence: number;
}

/** A queue of games whose positions are numbered from the first one ever added to this job. */
export class ReplayMemory<T extends RememberedGame> {
  readonly #games: T[] = [];
  /** Number of the first position of each game; ascending. */
  readonly #starts: number[] = [];
  /** Games before this index have been dropped; the arrays are cut when half of them are. */
  #head = 0;
  #total: number;

  /** @param firstRow number of the first position to come, when refilling after a resume */
  constructor(firstRow = 0) {
    this.#total = firstRow;
  }

  /** Positions ever added, those dropped included. */
  get total(): number {
    return this.#total;
  }

  /** Where a refill has to begin: the oldest game kept and the number of its first position. */
  get oldest(): { readonly sequence: number; readonly row: number } | undefined {
    const game = this.#games[this.#head];
    return game && { sequence: game.sequence, row: this.#starts[this.#head]! };
  }

  /** The games kept, the oldest first. */
  games(): readonly T[] {
    return this.#games.slice(this.#head);
  }

  /** Appends a game; one without training positions is ignored. */
  add(game: T): void {
    if (game.rows === 0) return;
    this.#games.push(game);
    this.#starts.push(this.#total);
    this.#total += game.rows;
  }

  /** Drops the games that lie wholly outside the newest `window` positions. */
  trim(window: number): void {
    const first = this.#total - window;
    while (this.#head + 1 < this.#starts.length && this.#starts[this.#head + 1]! <= first) this.#head++;
    if (this.#head * 2 > this.#games.length) {
      this.#games.splice(0, this.#head);
      this.#starts.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** Draws one of the newest `window` positions, all equally likely; one draw from `rng`. */
  sample(window: number, rng: Rng): { readonly game: T; readonly row: number } {
    const oldest = this.#starts[this.#head];
    assert(oldest !== undefined && window > 0, 'sampling from an empty replay memory');
    const number = Math.max(oldest, this.#total - window + rng.int(window));
    let low = this.#head;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#starts[middle]! <= number) low = middle;
      else high = middle - 1;
    }
    return { game: this.#games[low]!, row: number - this.#starts[low]! };
  }
}
