/** Draws without replacement. */

import type { Rng } from '../../core/rng.js';

/**
 * Draws `count` different indices with weights given by their logarithms: those with the largest sum of logarithm and a
 * Gumbel variate, which is drawing one after the other without putting back. Never underflows, however small the weights.
 *
 * @param logWeights [n]; −∞ is never drawn
 * @returns at most `count`, the first drawn first
 */
export function drawByLogWeights(logWeights: ArrayLike<number>, count: number, rng: Rng): number[] {
  const keys = Float64Array.from(logWeights, (logWeight) => logWeight + rng.gumbel());
  const indices = Array.from(keys, (_, i) => i).filter((i) => keys[i]! > -Infinity);
  return indices.sort((a, b) => keys[b]! - keys[a]!).slice(0, count);
}

/**
 * Draws a share evenly and the rest by weight, all different.
 *
 * @param share of the draw that is even
 */
export function drawMixed(
  logWeights: ArrayLike<number>,
  count: number,
  { share, rng }: { readonly share: number; readonly rng: Rng },
): number[] {
  const drawn = drawByLogWeights(logWeights, count - Math.round(share * count), rng);
  const taken = new Set(drawn);
  const rest = Float64Array.from(logWeights, (_, i) => (taken.has(i) ? -Infinity : 0));
  return drawn.length === count ? drawn : [...drawn, ...drawByLogWeights(rest, count - drawn.length, rng)];
}
