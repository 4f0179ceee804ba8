/**
 * Sequence lengths like those of long-context fine-tuning data: log-uniform between the points of the paper's Table 1
 * (share of the sequences below a length). The lower ends are ours.
 */

import type { Rng } from '../../src/core/rng.js';

const K = 1024;

interface Distribution {
  /** Lengths, ascending, and the share of sequences below each. */
  readonly lengths: readonly number[];
  readonly below: readonly number[];
}

const distributions = {
  wikipedia: { lengths: [32, K, 4 * K, 8 * K, 32 * K, 78 * K], below: [0, 0.8788, 0.9934, 0.9992, 0.9999, 1] },
  lmsys: {
    lengths: [16, K, 4 * K, 8 * K, 32 * K, 128 * K, 1643 * K],
    below: [0, 0.8712, 0.9935, 0.9987, 0.9998, 0.9999, 1],
  },
  chatqa2: { lengths: [64, K, 4 * K, 8 * K, 32 * K, 99 * K], below: [0, 0.2192, 0.3148, 0.4043, 0.9986, 1] },
  // Llama 3: 99.89 % short with a mean below 1K, 0.11 % long with a mean of 37K.
  llama3: { lengths: [64, 3 * K, 16 * K, 72 * K], below: [0, 0.9989, 0.9989, 1] },
  // The negative control: nothing to schedule.
  uniform: { lengths: [2 * K, 2 * K], below: [0, 1] },
} satisfies Record<string, Distribution>;

export const lengthNames = ['wikipedia', 'lmsys', 'chatqa2', 'llama3', 'uniform'] as const;
export type LengthName = (typeof lengthNames)[number];

/**
 * One length in tokens, at least 1 and at most `longest`.
 *
 * @param shrink divides the lengths, to keep their shape for a smaller model
 */
export function sampleLength(name: LengthName, rng: Rng, { longest = Infinity, shrink = 1 } = {}): number {
  const { lengths, below }: Distribution = distributions[name];
  const u = rng.float();
  let i = 1;
  while (i < below.length - 1 && u > below[i]!) i++;
  const [low, high] = [lengths[i - 1]!, lengths[i]!];
  const part = (u - below[i - 1]!) / (below[i]! - below[i - 1]!);
  return Math.min(longest, Math.max(1, Math.round((low * (high / low) ** part) / shrink)));
}
