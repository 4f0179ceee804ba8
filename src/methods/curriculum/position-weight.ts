/** The angle signal over the positions of a game, to choose which of them to train on. */

import { deviation, mean, sum } from '../../core/statistics.js';

/** Bounds of a weight: nothing is forgotten, and nothing is all there is. */
const [LEAST, MOST] = [0.25, 4];

/**
 * Weights to draw the positions of one game by: n · softmax(z) of their angle concentrations, within bounds, where z are
 * the concentrations less their mean, over their standard deviation. Only order and spread within the game count, for the
 * concentrations of two networks cannot be compared. The mapping from tokens to points of a board is ours.
 *
 * @param angles of n positions by one network [n]
 * @returns [n]; all 1 where no position differs
 */
export function angleWeights(angles: Float32Array): Float64Array {
  const count = angles.length;
  const centre = mean(angles);
  const spread = deviation(angles);
  if (!(spread > 1e-9)) return new Float64Array(count).fill(1);
  const weights = Float64Array.from(angles, (angle) => Math.exp((angle - centre) / spread));
  const total = sum(weights);
  return weights.map((weight) => Math.min(MOST, Math.max(LEAST, (count * weight) / total)));
}
