/** What changes in a tree when the measure of utility does. */

import { assert } from '../core/errors.js';
import { refresh } from './graph.js';
import type { Tree } from './tree.js';

/**
 * Replaces every utility: each node gets a new one of its own, and the sums follow. One pass over the tree.
 *
 * @param utilityOf of a node's own evaluation or result, reference player's view
 */
export function replaceUtilities(tree: Tree, utilityOf: (node: number) => number): void {
  assert(tree.hasUtility, 'a tree without utilities has none to replace');
  const { child, firstEdge, edgeCount, visits, utilitySum, squareSum, rawUtility } = tree;
  if (tree.edgeVisits) {
    for (const node of tree.reachable(0).reverse()) {
      rawUtility[node] = utilityOf(node);
      refresh(tree, node);
    }
    return;
  }
  // Children come after their parents, so theirs are done.
  for (let node = tree.nodeCount - 1; node >= 0; node--) {
    const utility = (rawUtility[node] = utilityOf(node));
    let own = visits[node]!;
    let [sum, squares] = [0, 0];
    const first = firstEdge[node]!;
    for (let edge = first; edge < first + edgeCount[node]!; edge++) {
      const c = child[edge]!;
      if (c === 0) continue;
      own -= visits[c]!;
      sum += utilitySum[c]!;
      squares += squareSum[c]!;
    }
    utilitySum[node] = sum + own * utility;
    squareSum[node] = squares + own * utility * utility;
  }
}
