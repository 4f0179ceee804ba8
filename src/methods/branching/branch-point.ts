/** Where the next game of a tree begins (section 4 and algorithm 1 of the paper). */

import type { Rng } from '../../core/rng.js';
import type { GameTree, TreeNode } from './game-tree.js';
import { estimateLcr, labelChangeRate } from './label-change-rate.js';
import type { BranchSettings } from './settings.js';

/** Below this share of eligible positions the adaptive threshold gives way to a quantile of the tree. */
const LEAST_ELIGIBLE_SHARE = 0.02;
const QUANTILE = 0.9;
/** Rates so little above the threshold are equal to it but for rounding; settings travel as single floats. */
const ROUNDING = 1e-6;

/** The start of a new variation. */
export interface Branch {
  /** The position to play the move in. */
  readonly node: TreeNode;
  /** A move that no game of the tree has played there. */
  readonly move: number;
  /** Plies between the position that was sampled and `node`. */
  readonly backUp: number;
}

/** What the choice of a branch point sees; all arrays in the order of `tree.positions`. */
export interface Eligibility {
  /** Label Change Rate of every position. */
  readonly lcr: Float64Array;
  /** LCR₀ as applied. */
  readonly threshold: number;
  /** Weight of every position in the draw (equation 4), 0 where it is not eligible. */
  readonly weights: Float64Array;
  /** Share of the candidates above the threshold. */
  readonly eligibleShare: number;
}

/** The rates of a tree and what follows from them. */
export function eligibilityOf(tree: GameTree, settings: BranchSettings): Eligibility {
  const { positions } = tree;
  const lcr = Float64Array.from(positions, ({ searched, results }) =>
    estimateLcr(searched!.winRate, results, settings),
  );
  const candidates = lcr.filter((_, i) => positions[i]!.searched!.isCandidate);
  const threshold = thresholdOf(tree, candidates, settings);
  const weights = new Float64Array(positions.length);
  positions.forEach(({ searched, ply }, i) => {
    if (!searched!.isCandidate) return;
    if (settings.points === 'random') weights[i] = 1;
    else if (isAbove(lcr[i]!, threshold)) weights[i] = settings.moveNumberWeight ? ply : 1;
  });
  return { lcr, threshold, weights, eligibleShare: shareAbove(candidates, threshold) };
}

/**
 * Draws a branch: a position by its weight (equation 5), there a move from the policy stored with it, without a new
 * search; if that move has been explored, again one position earlier, until an unexplored one turns up.
 *
 * @returns undefined if the tree is complete, nothing is eligible, or the way back ends at the start
 */
export function pickBranch(tree: GameTree, settings: BranchSettings, rng: Rng): Branch | undefined {
  if (tree.variations >= settings.variations) return undefined;
  const { weights } = eligibilityOf(tree, settings);
  if (!weights.some((weight) => weight > 0)) return undefined;
  const sampled = tree.positions[rng.weighted(weights)]!;
  for (let node: TreeNode | undefined = sampled; node; node = node.parent) {
    if (!node.searched?.isCandidate) continue;
    const move = drawMove(node.searched.policy, settings.temperature, rng);
    if (!node.children.has(move)) return { node, move, backUp: sampled.ply - node.ply };
  }
  return undefined;
}

/** The moves that lead to a position. */
export function movesTo(node: TreeNode): number[] {
  const moves: number[] = [];
  for (let at: TreeNode | undefined = node; at?.move !== undefined; at = at.parent) moves.push(at.move);
  return moves.reverse();
}

/**
 * LCR₀. The fixed one is the rate of a board whose first move is worth a win rate of 0.6 or 0.4 (the paper's 0.48). Where
 * the first move decides more, as on small boards with an unfair komi, hardly any position would pass; the adaptive one
 * is at most the rate of the tree's own first position, and the 90th percentile of the tree if still fewer than 2 % pass.
 */
function thresholdOf(tree: GameTree, candidates: Float64Array, settings: BranchSettings): number {
  const { threshold, adaptiveThreshold } = settings;
  const first = tree.positions[0]?.searched;
  if (!adaptiveThreshold || !first || candidates.length === 0) return threshold;
  const lowered = Math.min(threshold, labelChangeRate(first.winRate));
  if (shareAbove(candidates, lowered) >= LEAST_ELIGIBLE_SHARE) return lowered;
  const sorted = candidates.toSorted();
  return Math.min(lowered, sorted[Math.floor(QUANTILE * (sorted.length - 1))]!);
}

function shareAbove(rates: Float64Array, threshold: number): number {
  let above = 0;
  for (const rate of rates) if (isAbove(rate, threshold)) above++;
  return rates.length === 0 ? 0 : above / rates.length;
}

function isAbove(rate: number, threshold: number): boolean {
  return rate > threshold + ROUNDING;
}

function drawMove(policy: ArrayLike<number>, temperature: number, rng: Rng): number {
  const weights = new Float64Array(policy.length >> 1);
  let heaviest = 0;
  for (let i = 0; i < weights.length; i++) heaviest = Math.max(heaviest, policy[2 * i + 1]!);
  for (let i = 0; i < weights.length; i++) weights[i] = Math.pow(policy[2 * i + 1]! / heaviest, 1 / temperature);
  return policy[2 * rng.weighted(weights)]!;
}
