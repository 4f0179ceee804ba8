/** What workers are to play next: self-play while training keeps up, rating games in between and at the end. */

import type { PlaySettings, Work } from '../go-data/work.js';
import { playSettings, type AlphaZeroConfig } from './config.js';
import type { GameNumbers } from './game-numbers.js';
import type { Meter } from './meter.js';
import type { RatingGames } from './rating-games.js';

/** What decides about the next game. */
interface HandOutParts {
  readonly config: AlphaZeroConfig;
  readonly numbers: GameNumbers;
  readonly rating: RatingGames;
  readonly meter: Meter;
}

export class HandOut {
  readonly #parts: HandOutParts;
  readonly #selfPlay: PlaySettings;
  /** Self-play before branching begins. */
  readonly #single: PlaySettings;
  #wasIdle = false;

  constructor(parts: HandOutParts) {
    this.#parts = parts;
    this.#selfPlay = playSettings(parts.config, 'self-play');
    this.#single = playSettings({ ...parts.config, variations: 1 }, 'self-play');
  }

  /**
   * The next game, or undefined.
   *
   * @param version name@version that self-play uses
   * @param onlyRating whether self-play has ended
   */
  next(version: string, onlyRating: boolean): Work | undefined {
    const { config, numbers, rating, meter } = this.#parts;
    if (!numbers.hasNext) return undefined;
    const match = rating.next(numbers, onlyRating);
    if (match) return match;
    if (onlyRating || this.#isFull) {
      this.#wasIdle = true;
      return undefined;
    }
    const settings = meter.positions < config.branchAfter ? this.#single : this.#selfPlay;
    return { ...numbers.next(), settings, modelVersion: version };
  }

  /** Whether somebody was sent away who would get a game now. */
  get hasWorkAgain(): boolean {
    return this.#wasIdle && !this.#isFull;
  }

  /** To be called when workers are told that there is work. */
  announced(): void {
    this.#wasIdle = false;
  }

  /** Whether training is behind as far as it may be. */
  get #isFull(): boolean {
    return this.#parts.meter.backlog >= this.#parts.config.maxBacklogGames;
  }
}
