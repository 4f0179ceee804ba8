/** Giving up: a side resigns when its root value is below a threshold in two of its searches running. */

import { BLACK, type Color } from '../../src/go/color.js';

/** Watches one game. */
export class Resignation {
  readonly #threshold: number;
  readonly #wasLow = [false, false];
  /** Who resigned. */
  resigned: Color | undefined;

  /** @param threshold root value in (-1, 1); -1 never resigns */
  constructor(threshold: number) {
    this.#threshold = threshold;
  }

  /** Notes a search of `color` with this root value; true if it resigns now. */
  after(color: Color, value: number): boolean {
    const side = color === BLACK ? 0 : 1;
    const isLow = this.#threshold > -1 && value < this.#threshold;
    if (isLow && this.#wasLow[side]) this.resigned = color;
    this.#wasLow[side] = isLow;
    return this.resigned !== undefined;
  }
}
