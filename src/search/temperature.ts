/** Drawing a move instead of playing the best one, for variety at the start of self-play games. */

import type { Rng } from '../core/rng.js';

/**
 * Draws an action with probability proportional to weight^(1 / temperature); the heaviest one (ties to the lowest
 * action) if the temperature is 0.
 *
 * @param weights [actionCount], not negative and not all zero: visit counts or a policy
 * @param rng drawn from once, unless the temperature is 0
 */
export function drawAction(weights: ArrayLike<number>, temperature: number, rng: Rng): number {
  let best = 0;
  for (let a = 1; a < weights.length; a++) if (weights[a]! > weights[best]!) best = a;
  if (temperature <= 0) return best;
  const scaled = new Float64Array(weights.length);
  // Relative to the heaviest, so that a low temperature underflows to zero instead of overflowing.
  for (let a = 0; a < scaled.length; a++) scaled[a] = Math.pow(weights[a]! / weights[best]!, 1 / temperature);
  return rng.weighted(scaled);
}
