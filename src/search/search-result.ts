/** What a search found, read from the root of its tree. */

import { improvedPolicy, improvedValue, type GumbelOptions } from './gumbel.js';
import { surpriseOf, visitShares } from './root-weights.js';
import { mostVisitedEdge } from './statistics.js';
import type { Tree } from './tree.js';

export interface SearchResult {
  /** [actionCount], visits of every root action, those of a reused tree included. */
  readonly visitCounts: Int32Array;
  /** [actionCount], the target for the policy: share of visits (PUCT root) or the improved policy (Gumbel root). */
  readonly policy: Float32Array;
  /** Value of the root for the side to move, in [-1, 1]: the mean (PUCT), or that of the improved policy (Gumbel). */
  readonly value: number;
  /** The network's own value of the root. */
  readonly rawValue: number;
  /** The action to play: the most visited or the heaviest (PUCT), or the winner of the sequential halving. */
  readonly bestAction: number;
  /** Simulations made by this search. */
  readonly simulations: number;
  /** Kullback–Leibler divergence of `policy` from the network's own over the same actions, in nats. */
  readonly surprise: number;
}

/** A root that was searched. */
export interface SearchedRoot {
  readonly tree: Tree;
  /** Number of actions, legal or not. */
  readonly actions: number;
  /** By root edge, 0 where the action was not to be played. */
  readonly allowed: Uint8Array;
}

/** @param weights by root edge, what speaks for playing it; its visits if not given */
export function puctResult(
  { tree, actions, allowed }: SearchedRoot,
  simulations: number,
  weights: Float64Array | undefined,
): SearchResult {
  const visitCounts = visitsOf(tree, actions);
  let total = 0;
  for (let edge = 0; edge < tree.edgeCount[0]!; edge++) {
    if (allowed[edge] === 1) total += visitCounts[tree.action[edge]!]!;
  }
  const shares = visitShares(tree, allowed, visitCounts, total);
  const best = weights ? weights.indexOf(Math.max(...weights)) : mostVisitedEdge(tree, 0, allowed);
  return resultOf(tree, { visitCounts, simulations, best, shares, value: tree.meanValue(0, 0) });
}

/** @param best the root edge that won the sequential halving */
export function gumbelResult(
  { tree, actions, allowed }: SearchedRoot,
  simulations: number,
  best: number,
  options: GumbelOptions,
): SearchResult {
  const shares = new Float64Array(allowed.length);
  improvedPolicy(tree, 0, options, shares, allowed);
  const value = improvedValue(tree, 0, options, shares, new Float64Array(allowed.length));
  return resultOf(tree, { visitCounts: visitsOf(tree, actions), simulations, best, shares, value });
}

interface Findings extends Pick<SearchResult, 'visitCounts' | 'simulations' | 'value'> {
  /** The root edge to play. */
  readonly best: number;
  /** By root edge: the target for the policy. */
  readonly shares: Float64Array;
}

function resultOf(tree: Tree, { visitCounts, simulations, value, best, shares }: Findings): SearchResult {
  const policy = new Float32Array(visitCounts.length);
  for (let edge = 0; edge < tree.edgeCount[0]!; edge++) policy[tree.action[edge]!] = shares[edge]!;
  return {
    visitCounts,
    policy,
    value,
    rawValue: tree.side[0]! * tree.rawValue[0]!,
    bestAction: tree.action[best]!,
    simulations,
    surprise: surpriseOf(tree, shares),
  };
}

/** [actions], finished visits of every root action. */
function visitsOf(tree: Tree, actions: number): Int32Array {
  const visitCounts = new Int32Array(actions);
  for (let edge = 0; edge < tree.edgeCount[0]!; edge++) {
    visitCounts[tree.action[edge]!] = tree.visitsThrough(edge);
  }
  return visitCounts;
}
