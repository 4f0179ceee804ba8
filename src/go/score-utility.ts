/**
 * What a game is worth beyond being won: points, as KataGo values them (Wu, "Accelerating Self-Play Learning in Go", 2020,
 * appendix F; the constants are those of its later play). For a score x with a normal distribution,
 *
 *   utility = value + staticScore · E[s(x, 0, 2)] + dynamicScore · E[s(x, centre, ¾)]
 *   s(x, centre, scale) = 2/π · atan((x − centre) / (scale · size))
 *
 * The first term makes a won game worth winning by more, and a lost one worth losing by less, everywhere; the second is
 * steepest around the score that the root of the search expects, drawn a fifth of the way to zero. A network that does not
 * say how far the score may be off is searched by value alone.
 */

import { smoothedArctangent } from './smoothed-arctangent.js';

/** Share of each term; both 0 make the utility the value. */
export interface ScoreFactors {
  readonly staticScore: number;
  readonly dynamicScore: number;
}

/** KataGo's factors. */
export const scoreFactors: ScoreFactors = { staticScore: 0.1, dynamicScore: 0.3 };

const staticScale = 2;
const dynamicScale = 0.75;
/** How far the centre is drawn from the expected score to zero. */
const towardsZero = 0.2;

/**
 * Measures the evaluations of one search; satisfies the search's `Utility`. Of a node's auxiliary values the first must be
 * the second moment of its score, σ² + score², and the next its score; NaN stands for a moment that is not known.
 */
export class ScoreUtility {
  /** Largest that |utility| may be. */
  readonly range: number;
  readonly #size: number;
  readonly #factors: ScoreFactors;
  /** View of the player whose `side` is +1. */
  #centre = 0;
  #isKnown = false;

  /** @param size of the board */
  constructor(size: number, factors: ScoreFactors) {
    this.range = 1 + factors.staticScore + factors.dynamicScore;
    this.#size = size;
    this.#factors = factors;
  }

  /** Centres the dynamic term on the root's score. */
  begin(auxiliary: ArrayLike<number>, side: number): void {
    const [moment = NaN, score = NaN] = [auxiliary[0], auxiliary[1]];
    this.#isKnown = !Number.isNaN(moment) && !Number.isNaN(score);
    const farthest = this.#size * dynamicScale;
    const drawn = Math.max(-farthest, Math.min(farthest, towardsZero * score));
    this.#centre = this.#isKnown ? side * (score - drawn) : 0;
  }

  /** The utility of a node for its player to move. */
  of(value: number, auxiliary: ArrayLike<number>, offset: number, side: number): number {
    if (!this.#isKnown) return value;
    const score = auxiliary[offset + 1]!;
    const stdev = Math.sqrt(Math.max(0, auxiliary[offset]! - score * score));
    const { staticScore, dynamicScore } = this.#factors;
    return (
      value +
      staticScore * this.#expected(score, stdev, staticScale) +
      dynamicScore * this.#expected(score - side * this.#centre, stdev, dynamicScale)
    );
  }

  #expected(distance: number, stdev: number, scale: number): number {
    const unit = scale * this.#size;
    return smoothedArctangent(distance / unit, stdev / unit);
  }
}
