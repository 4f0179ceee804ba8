/**
 * The self-play games that training was given: those of the replay window, and the trees that still grow. After a resume the
 * games up to the checkpoint are added back first; they change nothing but what is kept of them.
 */

import { AppError } from '../../core/errors.js';
import { makeGameRows, type GameRows } from '../go-data/game-rows.js';
import { ReplayMemory } from '../go-data/replay-memory.js';
import { labelOptions, windowOf } from '../go-data/settings.js';
import type { StoredGame } from '../go-data/stored-game.js';
import { type TreeFigures, TreeLabels } from '../go-data/tree-labels.js';
import type { CollectedState } from './checkpoint.js';
import type { AlphaZeroConfig } from './config.js';

/** Figures of the games, and of their trees if there are any. */
export interface GameCounts {
  readonly games: number;
  readonly positions: number;
  /** Positions in the replay window. */
  readonly window: number;
  readonly trees?: TreeFigures;
}

/** What became of a game that was added. */
export interface AddedGame {
  /** Whether the checkpoint had not counted it. */
  readonly isNew: boolean;
  /** Its training positions; absent for a game from before the replay memory. */
  readonly rows?: GameRows;
  /** Of a game that was added back: the place of its first position among those of the memory at the checkpoint. */
  readonly place?: number;
}

/** Owns the replay memory. */
export class CollectedGames {
  readonly memory: ReplayMemory<GameRows>;
  readonly #config: AlphaZeroConfig;
  readonly #resumed: CollectedState | undefined;
  readonly #trees: TreeLabels;
  #games: number;
  #sequence: number;

  /** @param resumed what `state` returned at the checkpoint */
  constructor(config: AlphaZeroConfig, resumed?: CollectedState) {
    this.memory = new ReplayMemory(resumed?.oldest.row);
    this.#config = config;
    this.#resumed = resumed;
    this.#trees = new TreeLabels(labelOptions(config));
    this.#games = resumed?.games ?? 0;
    this.#sequence = resumed?.sequence ?? 0;
  }

  /** After a resume: whether games up to the checkpoint are still to be added back to the memory. */
  get isRefilling(): boolean {
    return this.#resumed !== undefined && this.memory.total < this.#resumed.rows;
  }

  /** Newest positions to train on. */
  get window(): number {
    return windowOf(this.memory.total, this.#config);
  }

  get counts(): GameCounts {
    const trees = this.#trees.figures;
    return { games: this.#games, positions: this.memory.total, window: this.window, ...(trees && { trees }) };
  }

  /** @throws AppError 'failed-precondition' if games up to the checkpoint, or of the game's tree, are missing */
  add(game: StoredGame): AddedGame {
    const total = this.memory.total;
    const known = this.#resumed && game.sequence <= this.#resumed.sequence ? this.#resumed : undefined;
    if (!known) {
      if (this.#resumed && this.isRefilling) throw missingGames(this.#resumed, total);
      this.#games++;
      this.#sequence = Math.max(this.#sequence, game.sequence);
    }
    const isNew = known === undefined;
    const isBeforeMemory = known !== undefined && game.sequence < known.oldest.sequence;
    const rows = isBeforeMemory ? undefined : makeGameRows(game, this.#config.cheapPositions);
    this.#trees.add(game, rows);
    if (!rows) return { isNew };
    this.memory.add(rows);
    this.memory.trim(this.window);
    return { isNew, rows, ...(known && { place: total - known.oldest.row }) };
  }

  /** What a checkpoint keeps of the games. */
  state(): CollectedState {
    const oldest = this.memory.oldest ?? { sequence: 0, row: this.memory.total };
    return {
      games: this.#games,
      rows: this.memory.total,
      sequence: this.#sequence,
      oldest,
      firstTree: this.#firstTree(oldest.sequence),
    };
  }

  #firstTree(oldest: number): number {
    let first = Math.min(oldest, this.#trees.firstSequence ?? oldest);
    for (const { firstSequence } of this.memory.games()) first = Math.min(first, firstSequence);
    return first;
  }
}

function missingGames({ rows }: CollectedState, total: number): AppError {
  return new AppError(
    'failed-precondition',
    `The store holds games up to position ${total}; the checkpoint was taken at position ${rows}`,
  );
}
