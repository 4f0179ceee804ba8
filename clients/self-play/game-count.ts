/**
 * How many games a worker plays with `--games auto`: as many as keep the server busy, and no more, since each makes all of them
 * slower and so their versions older.
 *
 * By Little's law the games whose leaf travels are the rate of evaluations times the way there and back. Beside them, two waves
 * make the server and the worker busy at the same time: one is evaluated while the other is searched.
 */

import { delay } from '../../src/core/signals.js';
import type { PlayersSeen } from './game-players.js';

/** Games before anything is known of the server. */
export const FIRST_GAMES = 64;

/** Most games of a worker, and of a stream of the server. */
export const MOST_GAMES = 4096;

/** Waves: what the server evaluates at once, so many times. */
const WAVES = 2;

/** Waves where a game takes many versions: small batches still keep every thread busy. */
const FEWEST_WAVES = 0.5;

/** Versions that may come out while a game is played before waves become fewer. */
const VERSIONS_A_GAME = 2;

/** Games are far too few where less than this share of those that do not travel are there: the server waits for them. */
const STARVED = 3 / 4;

/** Times that the rate may grow at most by one change of the number. */
const MOST_GROWTH = 8;

/** Games left when the server refused evaluations for want of room, and the fewest that a worker goes down to then. */
const AFTER_REFUSAL = 3 / 4;
const FEWEST_GAMES = 8;

/** Fewer games than this share of those asked for are worth telling the server; as for more, a sixteenth is. */
const FEWER = 2 / 3;
const MORE = 17 / 16;

/** Share of the games that may come or go in a look. */
const UNREST = 1 / 16;

/** Time of one look in ms, beside the way there and back. */
const LOOK_MS = 100;

/** Time in ms after which it may be over. */
const TICK_MS = 25;

/** Looks of which the one that wanted the most games says how far the number goes down. */
const LATELY = 10;

/** What a worker sees of itself and of its server. */
export interface GamesSeen {
  /** Games in play. */
  readonly games: number;
  /** Evaluations a millisecond. */
  readonly rate: number;
  /** Milliseconds of the way to the server and back. */
  readonly wayMs: number;
  /** Positions that the server evaluates at once. */
  readonly capacity: number;
  /** Positions of one message that the server evaluates a millisecond. */
  readonly speed: number;
  /** Versions that come out while a game is played. */
  readonly versions: number;
  /** Most games, by memory and by what the server has refused. */
  readonly most: number;
}

/** The number of games that is right for what is seen. */
export function gamesFor({ games, rate, wayMs, capacity, speed, versions, most }: GamesSeen): number {
  const waves = Math.max(FEWEST_WAVES, Math.min(WAVES, (WAVES * VERSIONS_A_GAME) / versions));
  const busy = waves * capacity;
  const travelling = rate * wayMs;
  // Far too few games hold the rate down: with more of them it may double, or reach the speed of one message.
  const mayGrow = games - travelling < STARVED * busy;
  const growth = mayGrow ? Math.max(2, Math.min(MOST_GROWTH, speed / rate)) : 1;
  const wanted = busy + growth * travelling;
  return Math.max(1, Math.min(Math.round(wanted), most, MOST_GAMES));
}

/** What the number is found by, and who is told. */
export interface GameCountParts {
  /** Games in play. */
  games(): number;
  seen(): PlayersSeen;
  versions(): number;
  /** Games that fit in memory. */
  most(): number;
  /** Asks for so many games. */
  play(games: number): void;
}

/** What there was at a moment. */
interface Moment {
  readonly atMs: number;
  readonly games: number;
  readonly evaluations: number;
}

/**
 * Adjusts the number until `signal` aborts. A look begins when the first answers to new games are there, and starts over when
 * games come or go by the dozen.
 */
export async function keepGameCount(parts: GameCountParts, signal: AbortSignal): Promise<void> {
  let said = FIRST_GAMES;
  let room = MOST_GAMES;
  /** Refusals so far. */
  let known = 0;
  let from: Moment | undefined;
  let beginsAtMs = 0;
  const lately: number[] = [];
  for (; !signal.aborted; await delay(TICK_MS, signal).catch(() => undefined)) {
    const { evaluations, wayMs, capacity, speed, refusals } = parts.seen();
    const now = { atMs: performance.now(), games: parts.games(), evaluations };
    if (wayMs === undefined) continue;
    if (refusals > known) room = Math.max(FEWEST_GAMES, Math.floor(AFTER_REFUSAL * Math.min(said, room)));
    known = refusals;
    if (from && Math.abs(now.games - from.games) > UNREST * from.games) {
      from = undefined;
      beginsAtMs = now.atMs + wayMs;
    }
    if (!from && now.atMs >= beginsAtMs) from = now;
    if (!from || now.atMs - from.atMs < LOOK_MS + wayMs) continue;
    const rate = (now.evaluations - from.evaluations) / (now.atMs - from.atMs);
    from = now;
    // Nothing to go by, or no work for more.
    if (rate === 0 || now.games < said / 2) continue;
    const [versions, most] = [parts.versions(), Math.min(room, parts.most())];
    lately.push(gamesFor({ games: now.games, rate, wayMs, capacity, speed, versions, most }));
    if (lately.length > LATELY) lately.shift();
    // More at once; but fewer only if it was so for some time, since a short rest of the server asks for no fewer.
    const wanted = lately.at(-1)! > said ? lately.at(-1)! : Math.min(Math.max(...lately), most);
    if (wanted > FEWER * said && wanted < MORE * said) continue;
    said = wanted;
    parts.play(said);
    from = undefined;
    // The leases are there after one way, and the first answers after another.
    beginsAtMs = now.atMs + 2 * wayMs;
  }
}
