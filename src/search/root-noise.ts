/** Exploration noise at a PUCT root. */

import type { Rng } from '../core/rng.js';

/**
 * Mixes Dirichlet noise into `priors` in place: (1 − share) · prior + share · noise. The noise has a total concentration
 * of `total` spread evenly over the allowed actions, so its shape does not depend on how many there are (KataGo).
 *
 * @param priors by root edge; negative where the action may not be played
 */
export function addDirichletNoise(priors: Float32Array, total: number, share: number, rng: Rng): void {
  const allowed = priors.reduce((count, prior) => count + (prior >= 0 ? 1 : 0), 0);
  const noise = new Float64Array(priors.length);
  let sum = 0;
  for (let i = 0; i < priors.length; i++) if (priors[i]! >= 0) sum += noise[i] = rng.gamma(total / allowed);
  if (!(sum > 0)) return;
  for (let i = 0; i < priors.length; i++) {
    if (priors[i]! >= 0) priors[i] = (1 - share) * priors[i]! + (share * noise[i]!) / sum;
  }
}
