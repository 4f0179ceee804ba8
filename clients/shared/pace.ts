/** How many positions to have in flight at a server, from what its answers say: its capacity, and how far away it is. */

import { type Pace, paceOf } from '../../src/search/pace.js';

/** What one answer says. */
export interface AnswerTimes {
  /** Milliseconds from sending the request to its answer. */
  readonly elapsedMs: number;
  /** Of these, milliseconds in the server. */
  readonly serverMs: number;
  /** Positions that the server evaluates at once. */
  readonly capacity: number;
  /** Positions of the request. */
  readonly positions: number;
}

/** Answers over which the way is taken to be as short as the shortest of them was. */
const WINDOW = 64;

/** Share of an answer in the mean of the server's times. */
const WEIGHT = 0.1;

/** Shortest time of an answer at the server that is believed. */
const LEAST_MS = 0.1;

/** Keeps track of the answers of one server. */
export class PaceMeter {
  readonly #ways: number[] = [];
  #count = 0;
  #serverMs = 0;
  #capacity = 0;
  #speed = 0;

  add({ elapsedMs, serverMs, capacity, positions }: AnswerTimes): void {
    if (capacity === 0) return;
    this.#ways[this.#count % WINDOW] = Math.max(0, elapsedMs - serverMs);
    const weight = this.#count === 0 ? 1 : WEIGHT;
    this.#serverMs += weight * (serverMs - this.#serverMs);
    this.#speed += weight * (positions / Math.max(serverMs, LEAST_MS) - this.#speed);
    this.#capacity = capacity;
    this.#count++;
  }

  /** Positions that the server evaluates at once, by its last answer; 0 before the first. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Positions of a request that the server answers a millisecond, in the mean; 0 before the first answer. */
  get speed(): number {
    return this.#speed;
  }

  /** The milliseconds of the way there and back; undefined before the first answer. */
  get wayMs(): number | undefined {
    return this.#count === 0 ? undefined : Math.min(...this.#ways);
  }

  /**
   * By Little's law the positions at the server are those in flight times the share of the time that they spend there, and those are
   * to be as many as fill it. More at the server make its answers slower, hence the share greater and the number smaller, so the
   * number settles.
   */
  get pace(): Pace | undefined {
    const { wayMs } = this;
    if (wayMs === undefined) return undefined;
    return paceOf(this.#capacity, 1 + wayMs / Math.max(this.#serverMs, LEAST_MS));
  }
}
