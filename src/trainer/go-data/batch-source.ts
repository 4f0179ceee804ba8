/**
 * Draws the batches of training steps from the memory. The next one can be drawn while threads still compute a step; which
 * positions it holds does not depend on when it was drawn.
 */

import { assert } from '../../core/errors.js';
import type { Rng, RngState } from '../../core/rng.js';
import { trace } from '../../core/trace.js';
import type { FeatureSet } from '../../go/feature-set.js';
import { SYMMETRIES } from '../../go/symmetry.js';
import { makeBatch, writeRow, type Batch } from './batch.js';
import { drawRow, type GameRows } from './game-rows.js';
import type { ReplayMemory } from './replay-memory.js';
import type { GoDataSettings } from './settings.js';

/** What batches are drawn by; `policySurpriseWeight` and `angleWeight` are the `DrawShares` of a game's positions. */
export interface BatchSettings extends Pick<GoDataSettings, 'size' | 'valueMix'> {
  readonly batchSize: number;
  readonly policySurpriseWeight: number;
  readonly angleWeight: number;
}

/** Owns the random numbers of the draws, and two batches in turn. */
export class BatchSource {
  readonly #memory: ReplayMemory<GameRows>;
  readonly #settings: BatchSettings;
  readonly #rng: Rng;
  /** The batch that is handed out next, and the one handed out last, which a step may still read. */
  #batches: readonly [Batch, Batch];
  /** If the next batch is drawn already: the random numbers before it. */
  #before: RngState | undefined;

  constructor(memory: ReplayMemory<GameRows>, settings: BatchSettings, features: FeatureSet, rng: Rng) {
    this.#memory = memory;
    this.#settings = settings;
    this.#rng = rng;
    const make = (): Batch => makeBatch(settings.batchSize, settings.size, features);
    this.#batches = [make(), make()];
  }

  /** The state from which the batches that were not taken yet are drawn again. */
  get rngState(): RngState {
    return this.#before ?? this.#rng.state();
  }

  /** The next batch, of the newest `window` positions; valid until the batch after the next is drawn. */
  take(window: number): Batch {
    if (this.#before === undefined) this.#draw(window);
    this.#before = undefined;
    const [batch, last] = this.#batches;
    this.#batches = [last, batch];
    return batch;
  }

  /**
   * Draws the next batch, and says how many milliseconds that took. Neither the memory nor what is known of its positions
   * may change before the batch is taken.
   */
  drawAhead(window: number): number {
    assert(this.#before === undefined, 'one batch is drawn ahead');
    const started = performance.now();
    const before = this.#rng.state();
    this.#draw(window);
    this.#before = before;
    return performance.now() - started;
  }

  #draw(window: number): void {
    const started = trace ? performance.now() : 0;
    const { batchSize, valueMix, policySurpriseWeight: surprise, angleWeight: angle } = this.#settings;
    for (let index = 0; index < batchSize; index++) {
      const sampled = this.#memory.sample(window, this.#rng);
      const { game } = sampled;
      const row = surprise + angle > 0 ? drawRow(game, { surprise, angle }, this.#rng) : sampled.row;
      writeRow(this.#batches[0], index, game, row, { symmetry: this.#rng.int(SYMMETRIES), valueMix });
    }
    trace?.add('batch', started, batchSize);
  }
}
