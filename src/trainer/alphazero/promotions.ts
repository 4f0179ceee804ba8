/** Ratings and promotions on their way to the store, one after the other. */

import type { JobModels } from '../harness/ports.js';
import type { League } from './league.js';

export class Promotions {
  readonly #league: () => League;
  readonly #models: Pick<JobModels, 'promote' | 'rate'>;
  readonly #promoted: (ref: string) => void;
  #last: Promise<void> = Promise.resolve();

  /** @param promoted called with name@version of every version that was promoted */
  constructor(league: () => League, models: Pick<JobModels, 'promote' | 'rate'>, promoted: (ref: string) => void) {
    this.#league = league;
    this.#models = models;
    this.#promoted = promoted;
  }

  /** Resolves when everything so far is in the store. */
  get settled(): Promise<void> {
    return this.#last;
  }

  /** Makes a version the promoted one, at once. */
  async promote(ref: string): Promise<void> {
    await this.#models.promote(ref);
    this.#promoted(ref);
  }

  /** Keeps the ratings that may have changed, then promotes a version if there is one. */
  keep(ref: string | undefined): Promise<void> {
    this.#last = this.#last.then(async () => {
      await this.#models.rate(this.#league().openRatings());
      if (ref !== undefined) await this.promote(ref);
    });
    return this.#last;
  }

  /** Promotes what is promoted at the end of the job, then keeps the last ratings. @param takesLatest promotes the last version */
  async finish(takesLatest: boolean): Promise<void> {
    await this.#last;
    const promoted = this.#league().settleAll(takesLatest);
    if (promoted) await this.promote(promoted.ref);
    await this.#models.rate(this.#league().openRatings());
  }
}
