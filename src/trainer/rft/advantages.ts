/**
 * Advantages of the completions of a group, and the weights of their tokens: all in which GRPO and its relatives differ
 * beside their settings.
 */

import { mean } from '../../core/statistics.js';

/** The ways to estimate: what they are is said at `advantagesOf` and `tokenWeightOf`. */
export const estimators = ['grpo', 'dr-grpo', 'dapo', 'rloo'] as const;

export type Estimator = (typeof estimators)[number];

/** Keeps the division by a small deviation finite; verl's value. */
const EPSILON = 1e-6;

/** Largest difference of rewards that counts as none. */
const TIE = 1e-9;

/**
 * Advantages from the rewards of one group. GRPO (DeepSeekMath, 2024, section 4.1.2) and DAPO: (r − mean) / deviation, with
 * the sample deviation; Dr. GRPO (Liu et al., "Understanding R1-Zero-like Training", 2025): r − mean; RLOO (Ahmadian et
 * al., "Back to Basics", ACL 2024): r − the mean of the others. Zeros if all rewards are equal.
 */
export function advantagesOf(estimator: Estimator, rewards: readonly number[]): number[] {
  const count = rewards.length;
  if (!hasSignal(rewards)) return rewards.map(() => 0);
  const centre = mean(rewards);
  switch (estimator) {
    case 'grpo':
    case 'dapo': {
      const deviation = Math.sqrt(rewards.reduce((sum, r) => sum + (r - centre) ** 2, 0) / (count - 1));
      return rewards.map((r) => (r - centre) / (deviation + EPSILON));
    }
    case 'dr-grpo':
      return rewards.map((r) => r - centre);
    case 'rloo':
      return rewards.map((r) => ((r - centre) * count) / (count - 1));
  }
}

/** Whether the rewards of a group differ; without that it teaches nothing. */
export function hasSignal(rewards: readonly number[]): boolean {
  return rewards.length > 1 && Math.max(...rewards) - Math.min(...rewards) > TIE;
}

/**
 * The weight of every token of each completion, given the lengths of all completions of an update, n. GRPO: 1 / (n · length);
 * DAPO: 1 / all tokens; Dr. GRPO: 1 / (n · most tokens allowed); RLOO: 1 / n, as the likelihood of a completion is the
 * product of its tokens'.
 *
 * @param count n, which may be more than the lengths given if completions without a gradient were left out
 * @param tokens all tokens of the n completions
 */
export function tokenWeightOf(
  estimator: Estimator,
  length: number,
  of: { readonly count: number; readonly tokens: number; readonly maxTokens: number },
): number {
  switch (estimator) {
    case 'grpo':
      return 1 / (of.count * length);
    case 'dapo':
      return 1 / of.tokens;
    case 'dr-grpo':
      return 1 / (of.count * of.maxTokens);
    case 'rloo':
      return 1 / of.count;
  }
}
