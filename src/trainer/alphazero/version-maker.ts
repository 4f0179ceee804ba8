/** Versions in the making: copies of training, stored one after the other in the order in which they were taken. */

import type { TrainerCopy } from './trainer.js';

/** Copies held in memory while versions are stored; a step-wise candidate beyond this is skipped. */
const MOST_IN_MAKING = 4;

/** What a version is made with. */
export interface VersionPorts {
  /** Milliseconds since 1970 UTC. */
  now(): number;
  /** Stores a copy as a version. */
  store(copy: TrainerCopy, isLast: boolean): Promise<void>;
}

/** Makes versions. */
export class VersionMaker {
  readonly #ports: VersionPorts;
  #making: Promise<void> = Promise.resolve();
  #count = 0;
  /** When a version was last begun, and the step of training then. */
  #last = { step: 0, atMs: 0 };

  constructor(ports: VersionPorts) {
    this.#ports = ports;
  }

  /** Whether no version is in the making. */
  get isIdle(): boolean {
    return this.#count === 0;
  }

  /** Counts the time to the next version from now. */
  begin(step: number): void {
    this.#last = { step, atMs: this.#ports.now() };
  }

  /** Whether `seconds` and a step have passed since the last version; never for 0 seconds. */
  isDue(seconds: number, step: number): boolean {
    const { step: lastStep, atMs } = this.#last;
    return seconds > 0 && this.isIdle && this.#ports.now() - atMs >= seconds * 1000 && step > lastStep;
  }

  /**
   * Makes a version of a copy, after those in the making; nothing if there are too many, unless it is the last.
   *
   * @param take begins to take the copy
   * @param then called when the version is stored, before another is
   * @returns settles with the version
   */
  make(take: () => Promise<TrainerCopy>, step: number, isLast: boolean, then: () => void): Promise<void> {
    if (this.#count >= MOST_IN_MAKING && !isLast) return Promise.resolve();
    this.#count++;
    this.begin(step);
    const taken = take();
    this.#making = Promise.all([taken, this.#making]).then(async ([copy]) => {
      await this.#ports.store(copy, isLast);
      this.#count--;
      then();
    });
    return this.#making;
  }

  /** Settles when all that is in the making is stored, or failed. */
  settled(): Promise<unknown> {
    return Promise.allSettled([this.#making]);
  }
}
