/** What a search makes of its root: the target of the policy, and how far that is from the network's. */

import type { Tree } from './tree.js';

/**
 * The share of the visits to allowed actions, by root edge; of their priors while there are no visits.
 *
 * @param visitCounts by action
 * @param total visits to allowed actions
 */
export function visitShares(tree: Tree, allowed: Uint8Array, visitCounts: Int32Array, total: number): Float64Array {
  const { action, prior } = tree;
  const shares = new Float64Array(allowed.length);
  let sum = 0;
  for (let e = 0; e < shares.length; e++) {
    if (allowed[e] === 1) sum += shares[e] = total > 0 ? visitCounts[action[e]!]! : prior[e]!;
  }
  return shares.map((share) => share / sum);
}

/**
 * Kullback–Leibler divergence of weights, by root edge, from the priors, in nats. Priors that underflowed to 0 count as the
 * least that a record can hold.
 */
export function surpriseOf({ prior }: Tree, weights: Float64Array): number {
  let divergence = 0;
  for (let e = 0; e < weights.length; e++) {
    const weight = weights[e]!;
    if (weight > 0) divergence += weight * Math.log(weight / Math.max(prior[e]!, 1e-9));
  }
  return Math.max(0, divergence);
}
