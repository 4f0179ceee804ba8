/** The precision that a game's positions are evaluated in: one for the whole game, whatever the server does meanwhile. */

import type { AnsweredPrecision, AskedPrecision } from '../../src/core/precision.js';
import { Precision } from '../../src/proto/tengen/v1/precision.js';

/** One game's. A new game has a new one. */
export class GamePrecision {
  readonly #wanted: AskedPrecision;
  #answered: AnsweredPrecision | undefined;

  constructor(wanted: AskedPrecision) {
    this.#wanted = wanted;
  }

  /**
   * What to ask for. After one answer in float32 always float32, so that a calibration that ends during the game changes
   * nothing; a server has no way back from int8 but by its operator's will, who is obeyed.
   */
  get asked(): AskedPrecision {
    return this.#answered === 'fp32' ? 'fp32' : this.#wanted;
  }

  /** What the game's positions are evaluated in; undefined before the first answer. */
  get answered(): AnsweredPrecision | undefined {
    return this.#answered;
  }

  /** Takes note of an answer. */
  heard(precision: AnsweredPrecision): void {
    if (this.#answered !== 'fp32') this.#answered = precision;
  }
}

/** The number of what is asked for in the messages. */
export function precisionToWire(asked: AskedPrecision): Precision {
  return asked === 'fp32' ? Precision.FP32 : Precision.AUTO;
}

/** The word of what was answered; servers from before there was a choice say nothing. */
export function precisionFromWire(answered: Precision): AnsweredPrecision | undefined {
  if (answered === Precision.FP32) return 'fp32';
  return answered === Precision.INT8 ? 'int8' : undefined;
}
