/** The angle signal over the positions of a game, to choose which of them to train on. */

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
  const mean = angles.reduce((sum, angle) => sum + angle, 0) / count;
  const deviation = Math.sqrt(angles.reduce((sum, angle) => sum + (angle - mean) ** 2, 0) / count);
  if (!(deviation > 1e-9)) return new Float64Array(count).fill(1);
  const weights = Float64Array.from(angles, (angle) => Math.exp((angle - mean) / deviation));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => Math.min(MOST, Math.max(LEAST, (count * weight) / total)));
}
