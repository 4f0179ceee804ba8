/** What a bridge or an analysis searches with: a search of its own, or the server's. */

import { AppError } from '../../src/core/errors.js';
import type { Position } from '../../src/go/position.js';
import type { GameState } from '../../src/player/game-state.js';
import type { Opinion } from '../../src/player/opinion.js';
import type { ThinkOptions } from '../../src/player/thinker.js';

/** As for the thinker, and what need not come over the network; a search of one's own has all of it at no cost. */
export interface AskOptions extends ThinkOptions {
  /** Whether candidates have the ownership expected after their move; not if left out. */
  readonly movesOwnership?: boolean;
  /** Whether the network is not shown the moves before the position; whoever searches here hides them (`Position.forgetMoves`). */
  readonly ignoreHistory?: boolean;
  /** Whether moves that were not visited are candidates, too; they are if left out. */
  readonly unvisited?: boolean;
}

/** As `Thinker`: searches the positions of one game after the other, one search at a time. */
export interface GameThinker {
  think(game: GameState, root: Position, options: AskOptions): AsyncGenerator<Opinion, Opinion>;
  /** Forgets everything. */
  clear(): void;
}

/** Where a search may be made. */
export type SearchPlace = 'local' | 'server';

/** Searches where it is best, which may take a while to find out; and here where the server turns out to have no room. */
export class PlacedThinker implements GameThinker {
  readonly #place: () => Promise<SearchPlace>;
  readonly #thinkers: Readonly<Record<SearchPlace, GameThinker>>;
  readonly #onFull: ((why: AppError) => void) | undefined;

  /** @param onFull told that a search is made here as the server has no room; without it such a search fails */
  constructor(
    place: () => Promise<SearchPlace>,
    thinkers: Readonly<Record<SearchPlace, GameThinker>>,
    onFull?: (why: AppError) => void,
  ) {
    this.#place = place;
    this.#thinkers = thinkers;
    this.#onFull = onFull;
  }

  async *think(game: GameState, root: Position, options: AskOptions): AsyncGenerator<Opinion, Opinion> {
    const { server, local } = this.#thinkers;
    if ((await this.#place()) === 'local') return yield* local.think(game, root, options);
    try {
      return yield* server.think(game, root, options);
    } catch (thrown) {
      const error = AppError.from(thrown);
      if (!this.#onFull || error.kind !== 'resource-exhausted') throw error;
      this.#onFull(new AppError(error.kind, `The search runs here, not on the server: ${error.message}`));
      return yield* local.think(game, root, options);
    }
  }

  clear(): void {
    for (const thinker of Object.values(this.#thinkers)) thinker.clear();
  }
}
