/** How sure a search is of the mean utility of an action, as in KataGo's selection by lower confidence bound. */

import type { Tree } from './tree.js';

/** Standard errors between the mean and its bound. */
const deviations = 5;

/**
 * The distance from a visited action's mean utility down to its lower confidence bound: 5 standard errors. The variance
 * starts from one imagined observation as far off the mean as can be, of weight 1 / n², so that few equal utilities do not
 * look certain.
 *
 * @param range largest that |utility| may be
 */
export function boundRadius(tree: Tree, edge: number, range: number): number {
  const node = tree.child[edge]!;
  const n = tree.visitsThrough(edge);
  const share = n / tree.visits[node]!;
  const mean = tree.utilitySum[node]! / tree.visits[node]!;
  const imagined = 1 / (n * n);
  const squares = Math.max(share * tree.squareSum[node]!, n * (mean * mean + 1e-8));
  const variance = (squares + imagined * (mean * mean + range * range)) / (n + imagined) - mean * mean;
  const observations = (n + imagined) ** 2 / (n + imagined * imagined);
  return deviations * Math.sqrt(variance / observations);
}
