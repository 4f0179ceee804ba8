/** Exponential back-off with jitter, for reconnecting. */

import { delay } from '../../src/core/signals.js';
import type { Rng } from '../../src/core/rng.js';

/** Waits longer after every failure in a row: about 0.25 s, 0.5 s, 1 s, … up to `maxMs`, each ±25 %. */
export class Backoff {
  #failures = 0;
  readonly #rng: Rng;
  readonly #maxMs: number;

  constructor(rng: Rng, maxMs = 15_000) {
    this.#rng = rng;
    this.#maxMs = maxMs;
  }

  /** Call when something worked: the next wait is short again. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** The next wait in milliseconds, counting this as a failure. */
  nextMs(): number {
    const ms = Math.min(this.#maxMs, 250 * 2 ** this.#failures);
    this.#failures++;
    return ms * (0.75 + 0.5 * this.#rng.float());
  }

  /** Waits `nextMs()`. */
  wait(signal?: AbortSignal): Promise<void> {
    return delay(this.nextMs(), signal);
  }
}
