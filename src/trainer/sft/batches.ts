/** Which samples a step sees: a pure function of the seed and the step, so that a resumed job goes on exactly. */

import { Rng } from '../../core/rng.js';
import type { SchedulingPolicy } from '../../methods/scheduling/plan.js';

/** Draws the batches of a job. Every sample comes once in an epoch; a batch may span two. */
export class Batches {
  readonly #samples: ArrayLike<number>;
  readonly #lengths: ArrayLike<number>;
  readonly #size: number;
  readonly #seed: number;
  readonly #isSorted: boolean;
  #epoch = -1;
  #order: readonly number[] = [];

  /**
   * @param samples the numbers of the samples to train on
   * @param lengths by sample number
   */
  constructor(
    samples: ArrayLike<number>,
    lengths: ArrayLike<number>,
    { size, seed, policy }: { readonly size: number; readonly seed: number; readonly policy: SchedulingPolicy },
  ) {
    this.#samples = samples;
    this.#lengths = lengths;
    this.#size = size;
    this.#seed = seed;
    this.#isSorted = policy === 'sorted';
  }

  /** Steps in `epochs` epochs, rounded up. */
  stepsIn(epochs: number): number {
    return Math.max(1, Math.ceil((epochs * this.#samples.length) / this.#size));
  }

  /** Sample numbers of the batch of `step`, from 0. */
  batch(step: number): number[] {
    const count = this.#samples.length;
    return Array.from({ length: this.#size }, (_, i) => {
      const at = step * this.#size + i;
      return this.#orderOf(Math.floor(at / count))[at % count]!;
    });
  }

  #orderOf(epoch: number): readonly number[] {
    if (this.#epoch === epoch) return this.#order;
    this.#epoch = epoch;
    const rng = new Rng(this.#seed).fork(epoch + 1);
    this.#order = this.#isSorted ? this.#sortedOrder(rng) : rng.shuffle(Array.from(this.#samples));
    return this.#order;
  }

  /** Batches of neighbours by length in random order (LongAlign's sorted batching); the short one comes last. */
  #sortedOrder(rng: Rng): number[] {
    const sorted = rng.shuffle(Array.from(this.#samples)).sort((a, b) => this.#lengths[a]! - this.#lengths[b]!);
    const whole = Math.floor(sorted.length / this.#size);
    const batches = Array.from({ length: whole }, (_, i) => sorted.slice(i * this.#size, (i + 1) * this.#size));
    return [...rng.shuffle(batches).flat(), ...sorted.slice(whole * this.#size)];
  }
}
