/** The rating games of a job: when one is played instead of a game of self-play, of whom, and when their result is news. */

import { Rng } from '../../core/rng.js';
import { resultForBlack } from '../../go/game-record.js';
import { makeOpeningBook } from '../../go/opening-book.js';
import type { StoredGame } from '../go-data/stored-game.js';
import type { PlaySettings, Work } from '../go-data/work.js';
import { playSettings, rulesOf, type AlphaZeroConfig } from './config.js';
import type { GameNumbers } from './game-numbers.js';
import { League, type LeagueState } from './league.js';

/** Games between two `rating` points of progress. */
const GAMES_PER_POINT = 8;
/** Games that may be owed when none were wanted for a while. */
const MOST_CREDIT = 8;

/** Rating games over a league of versions. */
export class RatingGames {
  readonly #config: AlphaZeroConfig;
  readonly #openings: number[][];
  readonly #settings: PlaySettings;
  #league: League;
  /** Games owed, by their share of all games. */
  #credit = 0;
  /** Games since the last point of progress. */
  #unreported = 0;

  constructor(config: AlphaZeroConfig) {
    const { size, openingPlies: plies, openings: count } = config;
    this.#config = config;
    this.#openings = makeOpeningBook({ size, rules: rulesOf(config), plies, count }, new Rng(config.seed).fork(2));
    this.#settings = playSettings(config, 'match');
    this.#league = this.#makeLeague();
  }

  /** The versions and their ratings. */
  get league(): League {
    return this.#league;
  }

  /** Goes on with a league that was kept. */
  resume(state: LeagueState): void {
    this.#league = this.#makeLeague(state);
  }

  /**
   * The next game, if one is to be played now.
   *
   * @param isAlone whether no self-play is wanted any more, so that no share is kept
   */
  next(numbers: GameNumbers, isAlone: boolean): Work | undefined {
    if (!isAlone) {
      this.#credit = Math.min(MOST_CREDIT, this.#credit + this.#config.ratingShare);
      if (this.#credit < 1) return undefined;
    }
    if (this.#league.waiting === 0) return undefined;
    const numbered = numbers.next();
    const pairing = this.#league.issue(numbered.gameId);
    if (!pairing) return undefined;
    this.#credit -= 1;
    const { blackRef: blackModel, whiteRef: whiteModel } = pairing;
    const opening = this.#openings[pairing.opening % this.#openings.length] ?? [];
    return { ...numbered, settings: this.#settings, match: { blackModel, whiteModel, opening } };
  }

  /** Counts a game that became durable. @returns whether it is a rating game, and one that was not counted before */
  count({ sequence, record }: StoredGame): boolean {
    const { gameId, match } = record;
    if (!match) return false;
    const { blackModel: blackRef, whiteModel: whiteRef } = match;
    return this.#league.record({ gameId, sequence, blackRef, whiteRef, result: resultForBlack(record) });
  }

  /** Whether the game just counted is news: it settled a promotion, it was the last, or there were enough of them. */
  isNews(hasPromoted: boolean): boolean {
    this.#unreported++;
    if (!hasPromoted && this.#league.unfinished > 0 && this.#unreported < GAMES_PER_POINT) return false;
    this.#unreported = 0;
    return true;
  }

  #makeLeague(state?: LeagueState): League {
    const { ratingGames: gamesPerVersion, promotionElo } = this.#config;
    return new League({ gamesPerVersion, openings: this.#openings.length, promotionElo }, state);
  }
}
