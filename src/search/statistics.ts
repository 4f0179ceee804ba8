/** What a search has found so far, for analysis output. Everything is from the view of the side to move at the root. */

import type { Tree } from './tree.js';

/** One action of the root. */
export interface MoveStatistics {
  readonly action: number;
  readonly visits: number;
  /** Mean value in [-1, 1]; for an unvisited action the root's own. */
  readonly value: number;
  /** Lower confidence bound of `value`, at least −1; see `lowerBound`. */
  readonly lcb: number;
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
  /** The network's own value of the root. */
  readonly rawValue: number;
  /** Mean auxiliary values of the whole tree [auxiliarySize]. */
  readonly auxiliary: Float64Array;
  /** Most visited first, ties by prior, then by action. */
  readonly moves: readonly MoveStatistics[];
}

/** Standard deviations below the mean at which the lower confidence bound lies (as in KataGo). */
const boundDeviations = 5;

/**
 * Reads the tree; costs one pass over it if there are auxiliary values. Call when no leaves are out, or accept that
 * the unfinished simulations are not in it.
 *
 * @param unvisited whether to list actions that have no visits
 */
export function readStatistics(tree: Tree, unvisited = false): RootStatistics {
  const size = tree.auxiliarySize;
  if (tree.nodeCount === 0 || tree.visits[0] === 0) {
    return { visits: 0, value: 0, rawValue: 0, auxiliary: new Float64Array(size), moves: [] };
  }
  const value = tree.meanValue(0, 0);
  const sums = auxiliarySums(tree);
  const moves: MoveStatistics[] = [];
  const first = tree.firstEdge[0]!;
  const total = new Float64Array(size);
  addOwn(tree, 0, total, 0);
  for (let i = 0; i < tree.edgeCount[0]!; i++) {
    const child = tree.child[first + i]!;
    const visits = child === 0 ? 0 : tree.visits[child]!;
    for (let k = 0; k < size; k++) total[k]! += sums[i * size + k]!;
    if (visits === 0 && !unvisited) continue;
    moves.push({
      action: tree.action[first + i]!,
      visits,
      value: visits > 0 ? tree.meanValue(child, 0) : value,
      lcb: visits > 0 ? lowerBound(tree, child) : -1,
      prior: tree.prior[first + i]!,
      ...principalVariation(tree, first + i),
      auxiliary: sums.slice(i * size, (i + 1) * size).map((sum) => sum / Math.max(1, visits)),
    });
  }
  moves.sort((a, b) => b.visits - a.visits || b.prior - a.prior || a.action - b.action);
  const visits = tree.visits[0]!;
  const rawValue = tree.side[0]! * tree.rawValue[0]!;
  return { visits, value, rawValue, auxiliary: total.map((sum) => sum / visits), moves };
}

/**
 * Mean − 5 standard errors for the player at the root. The variance starts from one imagined observation one unit away
 * from the mean, so that few equal values do not look certain.
 */
function lowerBound(tree: Tree, node: number): number {
  const n = tree.visits[node]!;
  const mean = tree.meanValue(node, 0);
  const variance = (Math.max(0, tree.squareSum[node]! - n * mean * mean) + 1) / (n + 1);
  return Math.max(-1, mean - boundDeviations * Math.sqrt(variance / n));
}

function principalVariation(tree: Tree, edge: number): { pv: number[]; pvVisits: number[] } {
  const pv: number[] = [];
  const pvVisits: number[] = [];
  for (let at = edge; at >= 0;) {
    const child = tree.child[at]!;
    const visits = child === 0 ? 0 : tree.visits[child]!;
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
    const child = tree.child[edge]!;
    const visits = child === 0 ? 0 : tree.visits[child]!;
    if (visits > bestVisits || (visits === bestVisits && tree.prior[edge]! > tree.prior[best]!)) {
      [best, bestVisits] = [edge, visits];
    }
  }
  return best;
}

/** Sums of auxiliary values below each root edge [root edges, auxiliarySize], root's view, one pass in node order. */
function auxiliarySums(tree: Tree): Float64Array {
  const size = tree.auxiliarySize;
  const count = tree.edgeCount[0]!;
  const sums = new Float64Array(count * size);
  if (size === 0) return sums;
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

/** Adds a node's own auxiliary values once for every visit that ended at it. */
function addOwn(tree: Tree, node: number, out: Float64Array, offset: number): void {
  const size = tree.auxiliarySize;
  let weight = tree.visits[node]!;
  const first = tree.firstEdge[node]!;
  for (let edge = first; edge < first + tree.edgeCount[node]!; edge++) {
    if (tree.child[edge]! > 0) weight -= tree.visits[tree.child[edge]!]!;
  }
  const signed = weight * tree.side[node]! * tree.side[0]!;
  if (signed === 0) return;
  for (let k = 0; k < size; k++) out[offset + k]! += signed * tree.auxiliary[node * size + k]!;
}
