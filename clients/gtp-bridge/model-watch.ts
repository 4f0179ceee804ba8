/** Finds out what the server's model is, in the background and for as long as it takes. */

import { AppError } from '../../src/core/errors.js';
import { Rng } from '../../src/core/rng.js';
import { delay } from '../../src/core/signals.js';
import { Backoff } from '../shared/backoff.js';

/** What the bridge needs to know of a model. */
export interface ModelFacts {
  /** name@version. */
  readonly ref: string;
  readonly size: number;
}

/** Longest that a command waits for the first answer of the server. */
const patienceMs = 3000;

/** Asks until there is an answer. */
export class ModelWatch {
  #facts: ModelFacts | undefined;
  #error = new AppError('unavailable', 'the server has not answered yet');
  #attempt: Promise<void> = Promise.resolve();

  /**
   * Starts asking.
   *
   * @param ask one attempt; throws AppError
   * @param onFacts called once, with the answer
   * @param onFailure called after every failed attempt
   * @param signal ends the asking
   */
  constructor(
    ask: (signal: AbortSignal) => Promise<ModelFacts>,
    onFacts: (facts: ModelFacts) => void,
    onFailure: (error: AppError) => void,
    signal: AbortSignal,
  ) {
    const attempt = async (): Promise<void> => {
      try {
        this.#facts = await ask(signal);
        onFacts(this.#facts);
      } catch (error) {
        this.#error = AppError.from(error);
        if (!signal.aborted) onFailure(this.#error);
      }
    };
    const run = async (): Promise<void> => {
      const backoff = new Backoff(new Rng(process.pid), 5000);
      for (;;) {
        this.#attempt = attempt();
        await this.#attempt;
        if (this.#isKnown() || signal.aborted) return;
        // The end by `signal` is for the next attempt to see.
        await backoff.wait(signal).catch(() => undefined);
      }
    };
    void run();
  }

  /** Resolves once the model is known. @throws AppError why it is not, after a short wait at most */
  async ready(): Promise<void> {
    if (this.#isKnown()) return;
    const patience = new AbortController();
    try {
      await Promise.race([this.#attempt, delay(patienceMs, patience.signal).catch(() => undefined)]);
    } finally {
      patience.abort();
    }
    if (!this.#isKnown()) throw this.#error;
  }

  #isKnown(): boolean {
    return this.#facts !== undefined;
  }
}
