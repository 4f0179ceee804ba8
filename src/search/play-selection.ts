/**
 * Which action a PUCT search should play, by visits and by confidence, as KataGo chooses (`searchresults.cpp`,
 * `searchexplorehelpers.cpp`, and Wu, "Other methods implemented in KataGo", on lower confidence bounds).
 *
 * 1. An action weighs as much as it has visits, but no more than PUCT would give it now that the values are known: at most
 *    the n at which its score Q + scale · P / (1 + n) equals that of the most visited action.
 * 2. The action with the highest lower confidence bound, among those with some share of the most visited one's weight, is
 *    raised above every other action by as much as its bound is better: by the factor in visits that would bring the
 *    other's bound down to the same. What was good early and bad lately loses that way.
 * 3. What has less than one visit, or a 64th of the heaviest, is not played at all.
 */

import { explorationScale, type PuctOptions } from './puct.js';
import { mostVisitedEdge } from './statistics.js';
import { boundRadius } from './confidence.js';
import type { Tree } from './tree.js';

/** Share of the most visited action's weight from which on a confidence bound counts. */
const confidentShare = 0.15;

/**
 * The weight of every root edge as a move [root edges]; 0 where it is not to be played. Of priors while nothing is visited.
 *
 * @param priors by root edge, negative where the action may not be played
 * @param range largest that |utility| may be
 */
export function playSelection(tree: Tree, options: PuctOptions, priors: Float32Array, range: number): Float64Array {
  const allowed = Uint8Array.from(priors, (prior) => (prior >= 0 ? 1 : 0));
  const first = tree.firstEdge[0]!;
  const weights = Float64Array.from(priors, (prior, i) => (prior < 0 ? 0 : tree.visitsThrough(first + i)));
  const total = weights.reduce((sum, visits) => sum + visits, 0);
  if (total === 0) return Float64Array.from(priors, (prior) => Math.max(0, prior));
  const best = mostVisitedEdge(tree, 0, allowed) - first;
  takeBackRegretted(tree, options, priors, best, weights);
  preferConfident(tree, range, best, weights);
  const least = Math.min(1, Math.max(...weights) / 64);
  return weights.map((weight) => (weight < least ? 0 : weight));
}

/** Step 1. */
function takeBackRegretted(
  tree: Tree,
  options: PuctOptions,
  priors: Float32Array,
  best: number,
  weights: Float64Array,
): void {
  const first = tree.firstEdge[0]!;
  const total = weights.reduce((sum, visits) => sum + visits, 0);
  const scale = explorationScale(tree, 0, options, Math.max(1, total));
  const utility = (i: number): number => tree.meanUtility(tree.child[first + i]!, 0);
  const score = utility(best) + (scale * priors[best]!) / (1 + weights[best]!);
  for (let i = 0; i < weights.length; i++) {
    if (i === best || weights[i] === 0) continue;
    const gap = score - utility(i);
    if (gap > 0) weights[i] = Math.min(weights[i]!, Math.max(0, (scale * priors[i]!) / gap - 1));
  }
}

/** Step 2. */
function preferConfident(tree: Tree, range: number, best: number, weights: Float64Array): void {
  const first = tree.firstEdge[0]!;
  const radii = new Float64Array(weights.length);
  const bounds = new Float64Array(weights.length).fill(-Infinity);
  let safest = best;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    radii[i] = boundRadius(tree, first + i, range);
    bounds[i] = tree.meanUtility(tree.child[first + i]!, 0) - radii[i]!;
    if (weights[i]! >= confidentShare * weights[best]! && bounds[i]! > bounds[safest]!) safest = i;
  }
  for (let i = 0; i < weights.length; i++) {
    const excess = bounds[safest]! - bounds[i]!;
    if (i === safest || weights[i] === 0 || excess < 0) continue;
    // The second term keeps the factor below five.
    const widening = (radii[i]! + excess) / (radii[i]! + 0.2 * excess);
    weights[safest] = Math.max(weights[safest]!, widening * widening * weights[i]!);
  }
}
