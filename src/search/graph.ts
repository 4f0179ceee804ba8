/**
 * A search whose positions share their statistics, whatever the order of moves that led to them: a node has several parents, and
 * the tree is a graph. The rule is KataGo's (`docs/GraphSearch.md` there):
 *
 *   N(node) = 1 + Σ n(a)      Q(node) = (own + Σ n(a) · Q(child(a))) / N(node)
 *
 * n(a): visits that went through the action at this node; own: the node's own evaluation; sums over its actions. A simulation
 * that comes to a node which has more visits than came through this edge ends there: those visits were made already, and the
 * edge has one more of them. So a visit is made once, however many ways lead to it. After a simulation the nodes that it went
 * through are computed anew, the last one first.
 *
 * Nodes have the same key only after as many moves, so no line comes back to a node.
 */

import type { Game } from './game.js';
import type { Leaf } from './leaf.js';
import type { Transpositions } from './options.js';
import type { Tree } from './tree.js';

/** Counts a simulation at the edges that it went through, and computes the nodes above its last one anew. */
export function passThrough<G>(tree: Tree, { path, edges, length }: Leaf<G>): void {
  const edgeVisits = tree.edgeVisits!;
  for (let i = length - 1; i > 0; i--) {
    edgeVisits[edges[i]!]!++;
    refresh(tree, path[i - 1]!);
  }
}

/**
 * Whether an edge of an expanded node cannot be played in the way that the game came; it is then given up, in whatever way the
 * game comes.
 */
export function isRefused<G>(tree: Tree, game: G, edge: number, transpositions: Transpositions<G>): boolean {
  if (transpositions.isLegal(game, tree.action[edge]!)) return false;
  tree.prior[edge] = -1;
  return true;
}

/** Computes what a node with evaluation or result says of itself from its own and from what its children say now. */
export function refresh(tree: Tree, node: number): void {
  const { child, edgeVisits, visits, valueSum, utilitySum, squareSum } = tree;
  if (visits[node] === 0) return;
  // A finished game has no edges, and all its visits are its own.
  const own = tree.edgeCount[node]! > 0 ? 1 : visits[node]!;
  const [rawValue, rawUtility] = [tree.rawValue[node]!, tree.rawUtility[node]!];
  let total = own;
  let values = own * rawValue;
  let utilities = own * rawUtility;
  let squares = own * rawUtility * rawUtility;
  const first = tree.firstEdge[node]!;
  for (let edge = first; edge < first + tree.edgeCount[node]!; edge++) {
    const n = edgeVisits![edge]!;
    if (n === 0) continue;
    const c = child[edge]!;
    const share = n / visits[c]!;
    total += n;
    values += share * valueSum[c]!;
    utilities += share * utilitySum[c]!;
    squares += share * squareSum[c]!;
  }
  visits[node] = total;
  valueSum[node] = values;
  utilitySum[node] = utilities;
  squareSum[node] = squares;
}

/**
 * How often the own evaluation of each node counts in some visits of one of them; a node that several edges lead to counts by
 * the visits that came this way.
 *
 * @param nodes all of them, parents before children
 */
export function ownWeights(tree: Tree, from: number, visits: number, nodes: readonly number[]): Float64Array {
  const { child, edgeVisits } = tree;
  const weights = new Float64Array(tree.nodeCount);
  weights[from] = visits;
  for (const node of nodes) {
    if (weights[node] === 0) continue;
    const share = weights[node]! / tree.visits[node]!;
    const first = tree.firstEdge[node]!;
    for (let e = first; e < first + tree.edgeCount[node]!; e++) {
      const passed = share * edgeVisits![e]!;
      if (passed === 0) continue;
      weights[child[e]!]! += passed;
      weights[node]! -= passed;
    }
  }
  return weights;
}

/** Whether the root of a tree has exactly the legal actions of `game`, as without shared statistics it always has. */
export function isRootOf(tree: Tree, game: Game): boolean {
  if (!tree.edgeVisits || tree.nodeCount === 0 || tree.edgeCount[0] === 0) return true;
  const legal = new Uint8Array(game.actionCount);
  if (game.legal(legal) !== tree.edgeCount[0]) return false;
  const first = tree.firstEdge[0]!;
  for (let e = first; e < first + tree.edgeCount[0]; e++) {
    if (legal[tree.action[e]!] === 0 || tree.prior[e]! < 0) return false;
  }
  return true;
}
