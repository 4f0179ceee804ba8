/**
 * The versions of a job and the rating games between them: who is to meet whom, what came of it, who is promoted.
 * A new version meets the promoted one and the versions just before it, since near equals tell most about each other;
 * older versions are tied in through those. All games go into one rating fit (rating.ts). When the network of a job has
 * grown, its versions are on trial until one of them is promoted after a whole match.
 */

import type { RatingRow } from '../harness/ports.js';
import { fitRatings, type PairResult, type Rating } from './rating.js';

/** A version of the job's network. */
export interface Version {
  readonly ref: string;
  readonly step: number;
  /** Whether it is of after the growth of the network. */
  readonly isGrown?: boolean;
}

/** One rating game to be played: indices of versions, and an opening of the book. */
export interface Pairing {
  readonly black: number;
  readonly white: number;
  readonly opening: number;
}

export interface LeagueOptions {
  /** Rating games for each new version; 0 promotes every version at once. */
  readonly gamesPerVersion: number;
  /** Openings in the book. */
  readonly openings: number;
  /** A rated version is promoted when it is at least this much stronger than the promoted one. */
  readonly promotionElo: number;
}

/** A league as JSON. Games handed out but not yet back are among `pending` again. */
export interface LeagueState {
  readonly versions: readonly Version[];
  readonly promoted: number;
  readonly rated: number;
  /** Ratings of the oldest versions, which no longer change. */
  readonly settled: readonly Rating[];
  /** Results between versions of which at least one is not settled. */
  readonly results: readonly PairResult[];
  readonly pending: readonly Pairing[];
  /** Sequence of the last rating game counted. */
  readonly sequence: number;
}

/** How many versions' games may wait; those of older versions are dropped when new versions come faster than games. */
const VERSIONS_WAITING = 2;
/** Versions whose ratings can still change; when there are twice as many, the older half is settled, so a fit stays cheap. */
const VERSIONS_OPEN = 32;
/** Games without which a rating is not spoken of. */
const FEWEST_GAMES = 8;
/** A new version meets the promoted version and those this far before it. */
const DISTANCES = [1, 2, 4];

/** Deterministic; holds no clock and draws no random numbers. */
export class League {
  readonly #options: LeagueOptions;
  readonly #versions: Version[] = [];
  readonly #results = new Map<string, { a: number; b: number; wins: number; draws: number; losses: number }>();
  readonly #issued = new Map<string, Pairing>();
  #settled: Rating[] = [];
  #pending: Pairing[] = [];
  #promoted = 0;
  /** The newest version whose games are done. */
  #rated = 0;
  #sequence = 0;
  #fit: Rating[] | undefined;

  constructor(options: LeagueOptions, state?: LeagueState) {
    this.#options = options;
    if (!state) return;
    this.#versions.push(...state.versions);
    for (const result of state.results) this.#results.set(`${result.a} ${result.b}`, { ...result });
    this.#settled = [...state.settled];
    this.#pending = [...state.pending];
    this.#promoted = state.promoted;
    this.#rated = state.rated;
    this.#sequence = state.sequence;
  }

  /** What `new League(options, state)` continues from. */
  state(): LeagueState {
    return {
      versions: [...this.#versions],
      promoted: this.#promoted,
      rated: this.#rated,
      settled: [...this.#settled],
      results: [...this.#results.values()].map((result) => ({ ...result })),
      pending: [...this.#issued.values(), ...this.#pending],
      sequence: this.#sequence,
    };
  }

  /** Sequence of the last rating game counted. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Rating games not yet handed out. */
  get waiting(): number {
    return this.#pending.length;
  }

  /** Rating games handed out or waiting. */
  get unfinished(): number {
    return this.#pending.length + this.#issued.size;
  }

  get promoted(): Version | undefined {
    return this.#versions[this.#promoted];
  }

  get newest(): Version | undefined {
    return this.#versions.at(-1);
  }

  /** The newest version that is not on trial. */
  get latest(): Version | undefined {
    return this.#versions.findLast((_, index) => !this.#isOnTrial(index));
  }

  get versionCount(): number {
    return this.#versions.length;
  }

  /**
   * Adds a version and schedules its games, behind those of others unless it is the last; one that is there already (the
   * same weights) changes nothing.
   */
  add(ref: string, step: number, { isLast = false, isGrown = false } = {}): void {
    if (this.#versions.some((version) => version.ref === ref)) return;
    this.#settleOldRatings();
    const index = this.#versions.push({ ref, step, ...(isGrown && { isGrown }) }) - 1;
    this.#fit = undefined;
    if (index === 0) return;
    const { gamesPerVersion, openings } = this.#options;
    const opponents = [...new Set([this.#promoted, ...DISTANCES.map((distance) => index - distance)])].filter(
      (opponent) => opponent >= 0 && opponent < index,
    );
    // A trial must come to its end, however fast new versions come.
    const trial = Math.min(...this.#openVersions().filter((version) => this.#isOnTrial(version)));
    this.#pending = this.#pending.filter(({ black, white }) => {
      const version = Math.max(black, white);
      return version > index - VERSIONS_WAITING || version === trial;
    });
    const own = Array.from({ length: gamesPerVersion }, (_, game): Pairing => {
      // Both colours of an opening in a row, then the next opponent.
      const pair = Math.floor(game / 2);
      const opponent = opponents[pair % opponents.length]!;
      const opening = (pair + index * Math.ceil(gamesPerVersion / 2)) % openings;
      return game % 2 === 0 ? { black: index, white: opponent, opening } : { black: opponent, white: index, opening };
    });
    this.#pending = isLast ? [...own, ...this.#pending] : [...this.#pending, ...own];
  }

  /** Hands out the next rating game under `gameId`. */
  issue(gameId: string): (Pairing & { readonly blackRef: string; readonly whiteRef: string }) | undefined {
    const pairing = this.#pending.shift();
    if (!pairing) return undefined;
    this.#issued.set(gameId, pairing);
    const { black, white } = pairing;
    return { ...pairing, blackRef: this.#versions[black]!.ref, whiteRef: this.#versions[white]!.ref };
  }

  /**
   * Counts a rating game; `result` is 1, 0 or −1 for Black.
   *
   * @returns false if it was counted before or is not between versions of this league
   */
  record(game: { gameId: string; sequence: number; blackRef: string; whiteRef: string; result: number }): boolean {
    const wasIssued = this.#issued.delete(game.gameId);
    if (!wasIssued && game.sequence <= this.#sequence) return false;
    this.#sequence = Math.max(this.#sequence, game.sequence);
    const black = this.#versions.findIndex(({ ref }) => ref === game.blackRef);
    const white = this.#versions.findIndex(({ ref }) => ref === game.whiteRef);
    if (black < 0 || white < 0 || black === white) return false;
    const [a, b] = black < white ? [black, white] : [white, black];
    const pair = this.#results.get(`${a} ${b}`) ?? { a, b, wins: 0, draws: 0, losses: 0 };
    const forA = a === black ? game.result : -game.result;
    if (forA > 0) pair.wins++;
    else if (forA < 0) pair.losses++;
    else pair.draws++;
    this.#results.set(`${a} ${b}`, pair);
    this.#fit = undefined;
    return true;
  }

  /**
   * Promotes the strongest version among those whose games are done since the last call, if it passes the rule.
   *
   * @returns the version promoted, if one was
   */
  settle(): Version | undefined {
    const last = this.#versions.length - 1;
    return this.#settleUpTo(Math.min(last, ...this.#openVersions().map((version) => version - 1)));
  }

  /**
   * Promotes at the end of a job, by the games there are. With `trustsNewest` a newest version that nobody has met yet
   * is promoted as well, unless it is on trial.
   */
  settleAll(trustsNewest: boolean): Version | undefined {
    const last = this.#versions.length - 1;
    const promoted = this.#settleUpTo(last);
    const isTrusted = trustsNewest && last > this.#promoted && !this.#isOnTrial(last);
    if (!isTrusted || this.#ratings()[last]!.games > 0) return promoted;
    this.#promoted = last;
    return this.#versions[last];
  }

  #settleUpTo(newest: number): Version | undefined {
    const { gamesPerVersion, promotionElo } = this.#options;
    if (newest <= this.#rated) return undefined;
    let best = gamesPerVersion === 0 ? newest : this.#promoted;
    const ratings = this.#ratings();
    for (let version = this.#rated + 1; version <= newest && gamesPerVersion > 0; version++) {
      const margin = best === this.#promoted ? promotionElo : 0;
      const isWholeMatch = ratings[version]!.games >= (this.#isOnTrial(version, best) ? gamesPerVersion : 1);
      if (isWholeMatch && ratings[version]!.elo >= ratings[best]!.elo + margin) best = version;
    }
    this.#rated = newest;
    if (best === this.#promoted) return undefined;
    this.#promoted = best;
    return this.#versions[best];
  }

  /** Elo, interval and games of every version, the oldest first. */
  ratings(): RatingRow[] {
    const ratings = this.#ratings();
    return this.#versions.map(({ ref, step }, index) => {
      const { elo, interval, games } = ratings[index]!;
      return { ref, step, rating: elo, interval, games };
    });
  }

  /** The newest version that has played enough to say something about it. */
  newestRating(): RatingRow | undefined {
    const enough = Math.min(FEWEST_GAMES, this.#options.gamesPerVersion);
    return this.ratings().findLast(({ games }, index) => index > 0 && games > 0 && games >= enough);
  }

  /** The ratings that can still change. */
  openRatings(): RatingRow[] {
    return this.ratings().slice(this.#settled.length);
  }

  /** Whether a version is of after the growth of the network and `promoted` of before it. */
  #isOnTrial(version: number, promoted = this.#promoted): boolean {
    return this.#versions[version]?.isGrown === true && this.#versions[promoted]?.isGrown !== true;
  }

  /** Of every rating game that is handed out or waits, the version it is for. */
  #openVersions(): number[] {
    return [...this.#pending, ...this.#issued.values()].map(({ black, white }) => Math.max(black, white));
  }

  #ratings(): Rating[] {
    if (this.#fit) return this.#fit;
    const known = this.#settled.length === 0 ? [0] : this.#settled.map(({ elo }) => elo);
    const fit = fitRatings(this.#versions.length, [...this.#results.values()], { known });
    this.#settled.forEach((rating, i) => (fit[i] = { ...rating, games: rating.games + fit[i]!.games }));
    this.#fit = fit;
    return fit;
  }

  #settleOldRatings(): void {
    if (this.#versions.length - this.#settled.length < 2 * VERSIONS_OPEN) return;
    const count = this.#versions.length - VERSIONS_OPEN;
    const ratings = this.#ratings();
    // Games of a settled version are counted in its rating, or still in the results: never in both.
    const games = new Map<number, number>();
    for (const [key, { a, b, wins, draws, losses }] of this.#results) {
      if (Math.max(a, b) < count) this.#results.delete(key);
      else for (const player of [a, b]) games.set(player, (games.get(player) ?? 0) + wins + draws + losses);
    }
    this.#settled = ratings
      .slice(0, count)
      .map((rating, i) => ({ ...rating, games: rating.games - (games.get(i) ?? 0) }));
  }
}
