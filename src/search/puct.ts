/**
 * Selection by PUCT (Silver et al., "A general reinforcement learning algorithm …", Science 2018, "Search").
 *
 *   argmax over a of  Q(a) + C · P(a) · √max(1, N) / (1 + n(a)),   C = ln((1 + N + cBase) / cBase) + cPuct
 *
 * N: visits of all children; n(a), P(a): visits and prior of the action; Q(a): its mean value in [−1, 1] for the side to
 * move. √max(1, N) lets the priors decide the first visit. Unvisited actions have Q = first-play urgency:
 * parent's mean value − reduction · √(sum of the priors visited so far), as in KataGo and Leela Chess Zero.
 */

import type { Tree } from './tree.js';

/** The constants of PUCT. */
export interface PuctOptions {
  /** Exploration constant. */
  readonly cPuct: number;
  /** Visits over which the exploration constant begins to grow. */
  readonly cPuctBase: number;
  /** First-play urgency reduction below the root. */
  readonly fpuReduction: number;
  /** First-play urgency reduction at the root. */
  readonly rootFpuReduction: number;
  /** How lost an unfinished simulation counts, in units of value. */
  readonly virtualLoss: number;
}

/** Defaults: AlphaZero's constants, KataGo's first-play urgency. */
export const puctDefaults: PuctOptions = {
  cPuct: 1.25,
  cPuctBase: 19652,
  fpuReduction: 0.2,
  rootFpuReduction: 0.1,
  virtualLoss: 1,
};

/**
 * The edge of expanded `node` with the highest score; ties go to the lowest action.
 *
 * @param rootPriors at the root only, by edge: the priors with noise, negative where the action may not be played
 */
export function selectPuct(tree: Tree, node: number, options: PuctOptions, rootPriors?: Float32Array): number {
  const { child, visits, inFlight, valueSum } = tree;
  const prior = rootPriors ?? tree.prior;
  const first = tree.firstEdge[node]!;
  const end = first + tree.edgeCount[node]!;
  const priorShift = rootPriors ? -first : 0;
  const side = tree.side[node]!;
  const total = Math.max(1, visits[node]! + inFlight[node]! - 1);
  const scale = (Math.log((1 + total + options.cPuctBase) / options.cPuctBase) + options.cPuct) * Math.sqrt(total);
  let best = -1;
  let bestScore = -Infinity;
  let fresh = -1;
  let freshPrior = -1;
  let visitedPrior = 0;
  for (let edge = first; edge < end; edge++) {
    const p = prior[edge + priorShift]!;
    const c = child[edge]!;
    const n = c === 0 ? 0 : visits[c]! + inFlight[c]!;
    if (n === 0) {
      // All unvisited actions share one Q, so only the one with the greatest prior can win.
      if (p > freshPrior) [fresh, freshPrior] = [edge, p];
      continue;
    }
    if (p < 0) continue;
    visitedPrior += p;
    const q = (side * valueSum[c]! - options.virtualLoss * inFlight[c]!) / n;
    const score = q + (scale * p) / (1 + n);
    if (score > bestScore) [best, bestScore] = [edge, score];
  }
  if (fresh < 0) return best;
  const reduction = rootPriors ? options.rootFpuReduction : options.fpuReduction;
  const parentValue = (side * valueSum[node]!) / visits[node]!;
  const score = parentValue - reduction * Math.sqrt(visitedPrior) + scale * freshPrior;
  return score > bestScore || (score === bestScore && fresh < best) ? fresh : best;
}
