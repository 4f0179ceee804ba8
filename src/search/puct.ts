/**
 * Selection by PUCT (Silver et al., "A general reinforcement learning algorithm …", Science 2018, "Search").
 *
 *   argmax over a of  Q(a) + C · P(a) · √max(1, N) / (1 + n(a)),   C = (cPuctLog · ln((1 + N + cBase) / cBase) + cPuct) · S
 *
 * N: visits of all children; n(a), P(a): visits and prior of the action; Q(a): its mean utility for the side to move,
 * which is its mean value in [−1, 1] unless the search was given a utility. √max(1, N) lets the priors decide the first
 * visit. Unvisited actions have Q = first-play urgency: parent's utility − reduction · √(sum of the priors visited so
 * far), as in KataGo and Leela Chess Zero.
 *
 * Two refinements of KataGo's (Wu, "Other methods implemented in KataGo", 2021–), both off by default:
 *
 *   S = 1 + cPuctStdevScale · (σ / cPuctStdevPrior − 1)    σ: standard deviation of the utilities seen at the node, from
 *       cPuctStdevPriorWeight imagined observations of deviation cPuctStdevPrior on: explore where the outcome is open
 *   parent's utility = w · mean + (1 − w) · evaluation's own,   w = (sum of the priors visited so far) ^ fpuVisitedPower:
 *       the mean of a few moves says little about the others
 */

import type { Rng } from '../core/rng.js';
import type { Tree } from './tree.js';

export interface PuctOptions {
  /** Exploration constant. */
  readonly cPuct: number;
  /** How fast the exploration constant grows with the logarithm of the visits. */
  readonly cPuctLog: number;
  /** Visits over which the exploration constant begins to grow. */
  readonly cPuctBase: number;
  /** Share of the exploration constant that follows the spread of the utilities, in [0, 1]; 0 for a fixed one. */
  readonly cPuctStdevScale: number;
  /** Spread at which the exploration constant is as it stands. */
  readonly cPuctStdevPrior: number;
  /** Imagined observations of that spread. */
  readonly cPuctStdevPriorWeight: number;
  /** First-play urgency reduction below the root. */
  readonly fpuReduction: number;
  /** First-play urgency reduction at the root. */
  readonly rootFpuReduction: number;
  /** How slowly first-play urgency goes over from the evaluation's own utility to the mean; 0 for the mean alone. */
  readonly fpuVisitedPower: number;
  /** How lost an unfinished simulation counts, in units of value. */
  readonly virtualLoss: number;
  /** How widely the root looks at moves that the network dislikes, for analysis; 0 for not at all (`root-priors.ts`). */
  readonly wideRootNoise: number;
  /** Temperature of the root's priors: above 1 they are more alike. */
  readonly rootPolicyTemperature: number;
}

/** Defaults: AlphaZero's constants, KataGo's first-play urgency. */
export const puctDefaults: PuctOptions = {
  cPuct: 1.25,
  cPuctLog: 1,
  cPuctBase: 19652,
  cPuctStdevScale: 0,
  cPuctStdevPrior: 0.4,
  cPuctStdevPriorWeight: 2,
  fpuReduction: 0.2,
  rootFpuReduction: 0.1,
  fpuVisitedPower: 0,
  virtualLoss: 1,
  wideRootNoise: 0,
  rootPolicyTemperature: 1,
};

/** KataGo's constants for play with a strong network. */
export const katagoPuct: PuctOptions = {
  ...puctDefaults,
  cPuct: 1,
  cPuctLog: 0.45,
  cPuctBase: 500,
  cPuctStdevScale: 0.85,
  fpuVisitedPower: 2,
};

/** The factor of the priors at a visited node whose children have `total` visits: C · √total, S included. */
export function explorationScale(tree: Tree, node: number, options: PuctOptions, total: number): number {
  const growth = options.cPuctLog * Math.log((1 + total + options.cPuctBase) / options.cPuctBase);
  const scale = (growth + options.cPuct) * Math.sqrt(total);
  return options.cPuctStdevScale === 0 ? scale : scale * spreadFactor(tree, node, options);
}

/** S of the formula; 1 at a node visited once. */
function spreadFactor(tree: Tree, node: number, options: PuctOptions): number {
  const { cPuctStdevScale, cPuctStdevPrior, cPuctStdevPriorWeight: weight } = options;
  const n = tree.visits[node]!;
  if (n <= 1) return 1;
  const mean = tree.utilitySum[node]! / n;
  const squares = Math.max(tree.squareSum[node]!, n * mean * mean);
  const prior = weight * (mean * mean + cPuctStdevPrior * cPuctStdevPrior);
  const variance = (prior + squares) / (weight + n - 1) - mean * mean;
  return 1 + cPuctStdevScale * (Math.sqrt(Math.max(0, variance)) / cPuctStdevPrior - 1);
}

/**
 * The edge of expanded `node` with the highest score; ties go to the lowest action.
 *
 * @param rootPriors at the root only, by edge: the priors with noise, negative where the action may not be played
 * @param wide at the root only, with `wideRootNoise`: what its chance is drawn from
 */
export function selectPuct(
  tree: Tree,
  node: number,
  options: PuctOptions,
  rootPriors?: Float32Array,
  wide?: Rng,
): number {
  const { child, visits, inFlight, utilitySum, edgeVisits } = tree;
  const prior = rootPriors ?? tree.prior;
  const first = tree.firstEdge[node]!;
  const end = first + tree.edgeCount[node]!;
  const priorShift = rootPriors ? -first : 0;
  const side = tree.side[node]!;
  const total = Math.max(1, visits[node]! + inFlight[node]! - 1);
  const scale = explorationScale(tree, node, options, total);
  let best = -1;
  let bestScore = -Infinity;
  let fresh = -1;
  let freshPrior = -1;
  let visitedPrior = 0;
  for (let edge = first; edge < end; edge++) {
    const p = prior[edge + priorShift]!;
    const c = child[edge]!;
    const n = c === 0 ? 0 : (edgeVisits ? edgeVisits[edge]! : visits[c]!) + inFlight[c]!;
    if (n === 0) {
      // All unvisited actions share one Q, so only the one with the greatest prior can win.
      if (p > freshPrior) [fresh, freshPrior] = [edge, p];
      continue;
    }
    if (p < 0) continue;
    visitedPrior += p;
    const q =
      (side * (edgeVisits ? utilityThrough(tree, edge) : utilitySum[c]!) - options.virtualLoss * inFlight[c]!) / n;
    const score = q + (scale * p) / (1 + n) + (wide ? bonus(options, wide) : 0);
    if (score > bestScore) [best, bestScore] = [edge, score];
  }
  if (fresh < 0) return best;
  const reduction = rootPriors ? options.rootFpuReduction : options.fpuReduction;
  const urgency = parentUtility(tree, node, options, visitedPrior) - reduction * Math.sqrt(visitedPrior);
  const score = urgency + scale * freshPrior + (wide ? bonus(options, wide) : 0);
  return score > bestScore || (score === bestScore && fresh < best) ? fresh : best;
}

/** What a move of the root is made to look better by, half of the time. */
function bonus({ wideRootNoise }: PuctOptions, rng: Rng): number {
  return rng.float() < 0.5 ? wideRootNoise * Math.abs(rng.normal()) : 0;
}

/** What first-play urgency starts from, mover's view. */
function parentUtility(tree: Tree, node: number, options: PuctOptions, visitedPrior: number): number {
  const mean = tree.meanUtility(node, node);
  if (options.fpuVisitedPower === 0) return mean;
  const own = tree.side[node]! * tree.rawUtility[node]!;
  return own + Math.min(1, Math.pow(visitedPrior, options.fpuVisitedPower)) * (mean - own);
}

/** Sum of the utilities that the visits through an edge of a graph count with. */
function utilityThrough({ child, visits, utilitySum, edgeVisits }: Tree, edge: number): number {
  const passed = edgeVisits![edge]!;
  return passed === 0 ? 0 : (passed * utilitySum[child[edge]!]!) / visits[child[edge]!]!;
}
