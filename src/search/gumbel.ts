/**
 * Gumbel AlphaZero (Danihelka, Guez, Schrittwieser, Silver: "Policy improvement by planning with Gumbel", ICLR 2022,
 * https://openreview.net/forum?id=bERaNdoegnO), with the constants and the completion of mctx
 * (`_src/qtransforms.py: qtransform_completed_by_mix_value`, `_src/action_selection.py`).
 *
 *   completedQ(a) = q(a) if a was visited, else v_mix                                     (equation 10)
 *   v_mix = (v̂ + Σ_b n(b) · Σ_visited π(b) q(b) / Σ_visited π(b)) / (1 + Σ_b n(b))        (equation 33, appendix D)
 *   σ(q) = (maxVisitInit + max_b n(b)) · valueScale · q                                   (equation 8)
 *   π' = softmax(logits + σ(completedQ))                                                  (equation 11)
 *
 * v̂: the network's value; π: prior; n: visits; q in [−1, 1], rescaled to [0, 1] over the actions if `rescaleValues`.
 */

import type { Tree } from './tree.js';

/** The constants of Gumbel selection. */
export interface GumbelOptions {
  /** Actions that the root considers. */
  readonly gumbelActions: number;
  /** Scale of the root's Gumbel noise; 0 is deterministic, for play. */
  readonly gumbelScale: number;
  readonly valueScale: number;
  readonly maxVisitInit: number;
  /** Whether the completed values of a node are stretched to [0, 1] before σ. */
  readonly rescaleValues: boolean;
  /** How lost an unfinished simulation counts, in units of value. */
  readonly virtualLoss: number;
}

/** Defaults of mctx. */
export const gumbelDefaults: GumbelOptions = {
  gumbelActions: 16,
  gumbelScale: 1,
  valueScale: 0.1,
  maxVisitInit: 50,
  rescaleValues: true,
  virtualLoss: 1,
};

/**
 * The values of every edge of expanded `node` in [−1, 1], mover's view, unvisited ones completed by v_mix; written to
 * `out` [edges of the node]. Virtual losses count. Returns the largest visit count.
 */
function completedValues(tree: Tree, node: number, virtualLoss: number, out: Float64Array): number {
  const { child, visits, inFlight, valueSum, prior } = tree;
  const first = tree.firstEdge[node]!;
  const count = tree.edgeCount[node]!;
  const side = tree.side[node]!;
  let visitSum = 0;
  let maxVisits = 0;
  let priorSum = 0;
  let weighted = 0;
  for (let i = 0; i < count; i++) {
    const c = child[first + i]!;
    const n = c === 0 ? 0 : visits[c]! + inFlight[c]!;
    if (n === 0) continue;
    const q = (side * valueSum[c]! - virtualLoss * inFlight[c]!) / n;
    // A prior that underflowed to zero must not erase the only visited action.
    const p = Math.max(prior[first + i]!, 1e-30);
    out[i] = q;
    visitSum += n;
    if (n > maxVisits) maxVisits = n;
    priorSum += p;
    weighted += p * q;
  }
  const raw = side * tree.rawValue[node]!;
  const mixed = visitSum === 0 ? raw : (raw + (visitSum * weighted) / priorSum) / (visitSum + 1);
  for (let i = 0; i < count; i++) {
    const c = child[first + i]!;
    if (c === 0 || visits[c]! + inFlight[c]! === 0) out[i] = mixed;
  }
  return maxVisits;
}

/** σ(completedQ) of every edge of expanded `node`, written to `out` [edges of the node]; virtual losses count. */
export function completedQ(tree: Tree, node: number, options: GumbelOptions, out: Float64Array): void {
  const count = tree.edgeCount[node]!;
  const maxVisits = completedValues(tree, node, options.virtualLoss, out);
  let scale = (options.maxVisitInit + maxVisits) * options.valueScale;
  let low = 0;
  if (options.rescaleValues) {
    low = Infinity;
    let high = -Infinity;
    for (let i = 0; i < count; i++) {
      if (out[i]! < low) low = out[i]!;
      if (out[i]! > high) high = out[i]!;
    }
    scale /= Math.max(high - low, 1e-8);
  }
  for (let i = 0; i < count; i++) out[i] = scale * (out[i]! - low);
}

/**
 * The improved policy π' over the edges of expanded `node`, written to `out` [edges of the node].
 *
 * @param allowed by edge, 0 where the action may not be played; all may if left out
 */
export function improvedPolicy(
  tree: Tree,
  node: number,
  options: GumbelOptions,
  out: Float64Array,
  allowed?: Uint8Array,
): void {
  const { logit } = tree;
  const first = tree.firstEdge[node]!;
  const count = tree.edgeCount[node]!;
  completedQ(tree, node, options, out);
  let max = -Infinity;
  for (let i = 0; i < count; i++) {
    out[i] = allowed?.[i] === 0 ? -Infinity : out[i]! + logit[first + i]!;
    if (out[i]! > max) max = out[i]!;
  }
  let sum = 0;
  for (let i = 0; i < count; i++) sum += out[i] = Math.exp(out[i]! - max);
  for (let i = 0; i < count; i++) out[i] = out[i]! / sum;
}

/**
 * The value of expanded `node` if the improved policy is played there: Σ π'(a) · completedQ(a), unscaled. The mean over
 * the visits would not do at the root, where the halving visits bad actions as often as good ones.
 *
 * @param policy π' [edges of the node]
 * @param scratch [edges of the node] or longer
 */
export function improvedValue(
  tree: Tree,
  node: number,
  options: GumbelOptions,
  policy: Float64Array,
  scratch: Float64Array,
): number {
  completedValues(tree, node, options.virtualLoss, scratch);
  let value = 0;
  for (let i = 0; i < tree.edgeCount[node]!; i++) value += policy[i]! * scratch[i]!;
  return value;
}

/**
 * The edge below the root to descend into: argmax of π'(a) − n(a) / (1 + Σ_b n(b)), so that visit counts follow the
 * improved policy (equation 14). Ties go to the lowest action.
 *
 * @param scratch [edges of the node] or longer
 */
export function selectInterior(tree: Tree, node: number, options: GumbelOptions, scratch: Float64Array): number {
  const { child, visits, inFlight, prior } = tree;
  const first = tree.firstEdge[node]!;
  const count = tree.edgeCount[node]!;
  const total = visits[node]! + inFlight[node]! - 1;
  let best = first;
  if (total <= 0) {
    // Nothing visited: all completed values are equal, so π' is the prior.
    for (let edge = first + 1; edge < first + count; edge++) if (prior[edge]! > prior[best]!) best = edge;
    return best;
  }
  improvedPolicy(tree, node, options, scratch);
  let bestScore = -Infinity;
  for (let i = 0; i < count; i++) {
    const c = child[first + i]!;
    const n = c === 0 ? 0 : visits[c]! + inFlight[c]!;
    const score = scratch[i]! - n / (1 + total);
    if (score > bestScore) [best, bestScore] = [first + i, score];
  }
  return best;
}
