/** What a search has found so far, for analysis output. Everything is from the view of the side to move at the root. */

import { boundRadius } from './confidence.js';
import { ownWeights } from './graph.js';
import type { Tree } from './tree.js';

/** One action of the root. */
export interface MoveStatistics {
  readonly action: number;
  readonly visits: number;
  /** Mean value in [-1, 1]; for an unvisited action the root's own. */
  readonly value: number;
  /** Lower confidence bound of `value`, at least −1: as far below it as that of the utility, in units of the range. */
  readonly lcb: number;
  /** Mean utility, which is the value unless the search was given one; and its lower confidence bound. */
  readonly utility: number;
  readonly utilityLcb: number;
  /** What speaks for playing it: its visits, or what `playSelection` says. */
  readonly weight: number;
  /** The network's prior, without noise. */
  readonly prior: number;
  /** This action and the most visited replies after it. */
  readonly pv: readonly number[];
  /** Visits along the `pv`. */
  readonly pvVisits: readonly number[];
  /** Mean auxiliary values below this action [auxiliarySize]; zeros if unvisited. */
  readonly auxiliary: Float64Array;
}

/** The root and its actions. */
export interface RootStatistics {
  readonly visits: number;
  readonly value: number;
  readonly utility: number;
  /** The network's own value of the root. */
  readonly rawValue: number;
  /** Mean auxiliary values of the whole tree [auxiliarySize]. */
  readonly auxiliary: Float64Array;
  /** Heaviest first, ties by visits, then by prior, then by action. */
  readonly moves: readonly MoveStatistics[];
}

/** How to read a tree. */
export interface ReadOptions {
  /** Whether to list actions that have no visits. */
  readonly unvisited?: boolean | undefined;
  /** Weight of every root edge as a move [root edges]; its visits if left out. */
  readonly weights?: Float64Array | undefined;
  /** Largest that |utility| may be; 1 if left out. */
  readonly range?: number | undefined;
}

/**
 * Reads the tree; costs one pass over it if there are auxiliary values. Call when no leaves are out, or accept that
 * the unfinished simulations are not in it.
 */
export function readStatistics(tree: Tree, options: ReadOptions = {}): RootStatistics {
  const size = tree.auxiliarySize;
  if (tree.nodeCount === 0 || tree.visits[0] === 0) {
    return { visits: 0, value: 0, utility: 0, rawValue: 0, auxiliary: new Float64Array(size), moves: [] };
  }
  const sums = auxiliarySums(tree);
  const moves: MoveStatistics[] = [];
  const total = new Float64Array(size);
  addOwn(tree, 0, total, 0);
  for (let i = 0; i < tree.edgeCount[0]!; i++) {
    for (let k = 0; k < size; k++) total[k]! += sums[i * size + k]!;
    if (options.unvisited || tree.visitsThrough(tree.firstEdge[0]! + i) > 0)
      moves.push(readMove(tree, i, sums, options));
  }
  moves.sort((a, b) => b.weight - a.weight || b.visits - a.visits || b.prior - a.prior || a.action - b.action);
  const visits = tree.visits[0]!;
  return {
    visits,
    value: tree.meanValue(0, 0),
    utility: tree.meanUtility(0, 0),
    rawValue: tree.side[0]! * tree.rawValue[0]!,
    auxiliary: total.map((sum) => sum / visits),
    moves,
  };
}

/** The `i`th action of the root, visited or not. */
function readMove(tree: Tree, i: number, sums: Float64Array, { weights, range = 1 }: ReadOptions): MoveStatistics {
  const size = tree.auxiliarySize;
  const edge = tree.firstEdge[0]! + i;
  const visits = tree.visitsThrough(edge);
  const known = visits > 0 ? tree.child[edge]! : 0;
  const [value, utility] = [tree.meanValue(known, 0), tree.meanUtility(known, 0)];
  const radius = visits > 0 ? boundRadius(tree, edge, range) : Infinity;
  return {
    action: tree.action[edge]!,
    visits,
    value,
    lcb: Math.max(-1, value - radius / range),
    utility,
    utilityLcb: Math.max(-range, utility - radius),
    weight: weights ? weights[i]! : visits,
    prior: tree.prior[edge]!,
    ...principalVariation(tree, edge),
    auxiliary: sums.slice(i * size, (i + 1) * size).map((sum) => sum / Math.max(1, visits)),
  };
}

/** Mean auxiliary values of the whole tree [auxiliarySize], view of the player to move at the root; one pass. */
export function meanAuxiliary(tree: Tree): Float64Array {
  const total = new Float64Array(tree.auxiliarySize);
  if (tree.edgeVisits) addWeighted(tree, ownWeights(tree, 0, tree.visits[0]!, tree.reachable(0)), total, 0);
  else for (let node = 0; node < tree.nodeCount; node++) addOwn(tree, node, total, 0);
  return total.map((sum) => sum / tree.visits[0]!);
}

function principalVariation(tree: Tree, edge: number): { pv: number[]; pvVisits: number[] } {
  const pv: number[] = [];
  const pvVisits: number[] = [];
  for (let at = edge; at >= 0;) {
    const child = tree.child[at]!;
    const visits = tree.visitsThrough(at);
    if (pv.length > 0 && visits === 0) break;
    pv.push(tree.action[at]!);
    pvVisits.push(visits);
    at = child === 0 ? -1 : mostVisitedEdge(tree, child);
  }
  return { pv, pvVisits };
}

/**
 * The edge with most finished visits, ties to the greater prior; −1 if there is none.
 *
 * @param allowed by edge of the node, 0 where the action does not count; all do if left out
 */
export function mostVisitedEdge(tree: Tree, node: number, allowed?: Uint8Array): number {
  const first = tree.firstEdge[node]!;
  let best = -1;
  let bestVisits = -1;
  for (let edge = first; edge < first + tree.edgeCount[node]!; edge++) {
    if (allowed?.[edge - first] === 0) continue;
    const visits = tree.visitsThrough(edge);
    if (visits > bestVisits || (visits === bestVisits && tree.prior[edge]! > tree.prior[best]!)) {
      [best, bestVisits] = [edge, visits];
    }
  }
  return best;
}

/** By how many visits the most visited action of the root is ahead of the second. */
export function visitLead(tree: Tree): number {
  let [most, second] = [0, 0];
  for (let edge = tree.firstEdge[0]!; edge < tree.firstEdge[0]! + tree.edgeCount[0]!; edge++) {
    const visits = tree.visitsThrough(edge);
    if (visits > most) [most, second] = [visits, most];
    else if (visits > second) second = visits;
  }
  return most - second;
}

/** Sums of auxiliary values below each root edge [root edges, auxiliarySize], root's view, one pass in node order. */
function auxiliarySums(tree: Tree): Float64Array {
  const size = tree.auxiliarySize;
  const count = tree.edgeCount[0]!;
  const sums = new Float64Array(count * size);
  if (size === 0) return sums;
  if (tree.edgeVisits) {
    const nodes = tree.reachable(0);
    for (let i = 0; i < count; i++) {
      const edge = tree.firstEdge[0]! + i;
      const visits = tree.visitsThrough(edge);
      if (visits > 0) addWeighted(tree, ownWeights(tree, tree.child[edge]!, visits, nodes), sums, i * size);
    }
    return sums;
  }
  const rootEdge = new Int32Array(tree.nodeCount).fill(-1);
  for (let node = 0; node < tree.nodeCount; node++) {
    const first = tree.firstEdge[node]!;
    if (node > 0 && rootEdge[node]! >= 0) addOwn(tree, node, sums, rootEdge[node]! * size);
    for (let i = 0; i < tree.edgeCount[node]!; i++) {
      const child = tree.child[first + i]!;
      if (child > 0) rootEdge[child] = node === 0 ? i : rootEdge[node]!;
    }
  }
  return sums;
}

/** Adds the own auxiliary values of all nodes, each by its weight. */
function addWeighted(tree: Tree, weights: Float64Array, out: Float64Array, offset: number): void {
  for (const [node, weight] of weights.entries()) addOwn(tree, node, out, offset, weight);
}

/** Adds a node's own auxiliary values once for every visit that ended at it, or by a weight that is given. */
function addOwn(tree: Tree, node: number, out: Float64Array, offset: number, weight = visitsEnded(tree, node)): void {
  const size = tree.auxiliarySize;
  if (weight === 0) return;
  const signed = weight * tree.side[node]! * tree.side[0]!;
  const even = tree.evenSize;
  for (let k = 0; k < even; k++) out[offset + k]! += weight * tree.auxiliary[node * size + k]!;
  for (let k = even; k < size; k++) out[offset + k]! += signed * tree.auxiliary[node * size + k]!;
}

function visitsEnded(tree: Tree, node: number): number {
  let visits = tree.visits[node]!;
  const first = tree.firstEdge[node]!;
  for (let edge = first; edge < first + tree.edgeCount[node]!; edge++) visits -= tree.visitsThrough(edge);
  return visits;
}
