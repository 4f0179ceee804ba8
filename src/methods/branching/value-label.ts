/** The value label of a position from the games through it. */

import { mean } from '../../core/statistics.js';
import type { TreeNode } from './game-tree.js';

/** Kinds of label; see `valueLabel`. */
export const valueLabels = ['mean', 'own', 'weighted', 'posterior'] as const;
export type ValueLabel = (typeof valueLabels)[number];

/**
 * The first player's expected result in a position, 0 to 1.
 *
 * - `mean`: of the results of all games through it, the paper's. Games beyond the first begin with runners-up, so at a
 *   branch point it is a little too low for the side to move.
 * - `own`: the result of the game in which it came up first; labels of plain self-play, for ablation.
 * - `weighted`: the explored moves' values weighted by the search policy, which takes most of that bias away and costs
 *   some variance.
 * - `posterior`: the posterior mean of the win rate, (cv + Σz) / (c + n): the search value counts as c games. With few
 *   results it leans on the search, with many on the results.
 *
 * @param strength c of the posterior
 */
export function valueLabel(node: TreeNode, kind: ValueLabel, strength: number): number {
  const { results, searched } = node;
  switch (kind) {
    case 'mean':
      return mean(results);
    case 'own':
      return results[0]!;
    case 'weighted':
      return node.weightedResult;
    case 'posterior': {
      if (!searched) return mean(results);
      const sum = mean(results) * results.length;
      return (strength * searched.winRate + sum) / (strength + results.length);
    }
  }
}
