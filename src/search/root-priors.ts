/**
 * Priors of a root that is to look at more moves than the network likes, as KataGo has them for analysis:
 *
 *   P'(a) = P(a)^(1 / T) / sum,  then  P''(a) = P'(a)^(1 / (4 w + 1))
 *
 * with T the temperature of the root's policy and w `wideRootNoise`, whose other half, a chance that a move looks better than it
 * is, belongs to the selection (`puct.ts`).
 */

import type { PuctOptions } from './puct.js';

/** A copy of `priors`, widened. @param priors by root edge; negative where the action may not be played */
export function widenedPriors(
  priors: Float32Array,
  { wideRootNoise, rootPolicyTemperature }: Pick<PuctOptions, 'wideRootNoise' | 'rootPolicyTemperature'>,
): Float32Array<ArrayBuffer> {
  const widened = Float32Array.from(priors);
  if (rootPolicyTemperature !== 1) {
    const sum = raise(widened, 1 / rootPolicyTemperature);
    for (let i = 0; i < widened.length; i++) if (widened[i]! > 0) widened[i]! /= sum;
  }
  if (wideRootNoise > 0) raise(widened, 1 / (4 * wideRootNoise + 1));
  return widened;
}

/** Raises the priors to a power in place; returns their sum. */
function raise(priors: Float32Array, power: number): number {
  let sum = 0;
  for (let i = 0; i < priors.length; i++) {
    if (priors[i]! > 0) sum += priors[i] = Math.pow(priors[i]!, power);
  }
  return sum;
}
