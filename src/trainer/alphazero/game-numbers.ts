/**
 * Every game of a job has a number, which makes its id and its seed. Numbers are promised in blocks, and a block is saved
 * before the first of its numbers is used, so no id is ever given to two games, whenever the process dies.
 */

import { Rng } from '../../core/rng.js';

/** Numbers promised with one save. */
const BLOCK = 1_000_000;

/** What a game is called, and the seed of everything random in the game; below 2³². */
export interface NumberedGame {
  readonly gameId: string;
  readonly seed: number;
}

/** The numbers of one job's games, from 0 on. */
export class GameNumbers {
  readonly #jobId: string;
  readonly #jobSeed: number;
  #next = 0;
  #promisedEnd = 0;

  constructor(jobId: string, jobSeed: number) {
    this.#jobId = jobId;
    this.#jobSeed = jobSeed;
  }

  /** Whether a promised number is left. */
  get hasNext(): boolean {
    return this.#next < this.#promisedEnd;
  }

  /** Goes on after what a checkpoint has promised; nothing is promised before the next save. */
  resume(promisedEnd: number): void {
    this.#next = promisedEnd;
  }

  /** The next game. */
  next(): NumberedGame {
    const number = this.#next++;
    return { gameId: `${this.#jobId}-${number}`, seed: new Rng(this.#jobSeed).fork(3 + number).uint32() };
  }

  /** Promises the next block: up to the number that `save`, which keeps it, is given. */
  async promise(save: (promisedEnd: number) => Promise<void>): Promise<void> {
    const promisedEnd = this.#next + BLOCK;
    await save(promisedEnd);
    this.#promisedEnd = promisedEnd;
  }
}
