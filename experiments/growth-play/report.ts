/** What the results say of growing while playing. */

import type { Experiment } from '../shared/self-play/experiment.js';
import { summarise } from '../shared/self-play/summary.js';

/**
 * Draws the plot. Keys: costEfficiency (cost of `base` over that of `arm` at the rating of half the budget, less 1) with ci95,
 * eloDifference (mean over the marks) with eloInterval, finalEloDifference, seeds, board, positions (the budget, in searched
 * positions of the final size); `arms` holds the same of all arms.
 */
export function report(experiment: Experiment, arm: string): Record<string, unknown> {
  const { chosen, rest } = summarise(experiment, arm);
  const { sampleEfficiency: costEfficiency, ...figures } = chosen;
  return { costEfficiency, ...figures, ...rest };
}
