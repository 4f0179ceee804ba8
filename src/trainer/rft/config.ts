/** The settings of reinforcement fine-tuning itself; those of the job around it are in job-config.ts. */

import { choice, type ConfigOf, flag, integer, number, readConfig, text } from '../../core/config.js';
import { divergences } from '../../nn/networks/transformer/policy-loss.js';
import { estimators } from './advantages.js';

/** Every setting of a loop, with its default, range and meaning. */
export const rftLoopSchema = {
  seed: integer(1, 0, 2 ** 31, 'Seed of the draws, the completions and the evaluations.'),
  steps: integer(200, 1, 10_000_000, 'Steps after which the job ends.'),

  promptsPerStep: integer(32, 1, 65_536, 'Prompts that a step draws.'),
  completions: integer(8, 2, 1024, 'Completions of each prompt, its group.'),
  maxTokens: integer(64, 1, 65_536, 'Most tokens of a completion, the one that ends it included.'),
  temperature: number(1, 0.01, 10, 'What logits are divided by when completions are drawn, and in the loss.'),
  topP: number(1, 0.01, 1, 'Share of the probability that completions are drawn from.'),
  format: choice(
    'plain',
    ['plain', 'chat'],
    "How a prompt is put to the model: as it is, or as a user's message in ChatML.",
  ),
  prefix: text('', 'What every prompt begins with: text as it is, or the system message of a chat.'),

  estimator: choice(
    'grpo',
    estimators,
    'How advantages are taken from the rewards of a group, and tokens weighted: GRPO, Dr. GRPO, DAPO or RLOO.',
  ),
  clipLow: number(0.2, 0, 1, "How far a token's probability may fall before it counts no further."),
  clipHigh: number(0.2, 0, 100, 'How far it may rise; DAPO takes 0.28.'),
  klCoefficient: number(
    0.001,
    0,
    100,
    'Weight of the divergence from the model at the start; 0 keeps no such reference.',
  ),
  klEstimator: choice('k3', divergences, 'How the divergence is estimated; k3 is never negative.'),
  entropyCoefficient: number(0, 0, 100, 'Weight of the entropy, which the loss then rewards.'),
  miniBatches: integer(1, 1, 1024, 'Updates that the groups of a step are divided into.'),
  passes: integer(1, 1, 100, 'Times that the groups of a step are learnt from.'),
  redraws: integer(
    0,
    0,
    100,
    'Times that a step draws again for groups whose completions all earned the same (dynamic sampling, DAPO).',
  ),
  endRequired: flag(true, 'Whether a completion that did not end by itself earns nothing.'),
  overlongTokens: integer(
    0,
    0,
    65_536,
    'Length of the stretch before maxTokens over which a penalty rises to 1 (soft over-length punishment, DAPO).',
  ),

  learningRate: number(0.0001, 0, 10, 'Learning rate after the warm-up.'),
  warmupSteps: integer(
    10,
    0,
    1_000_000,
    "Steps over which the learning rate rises from zero; AdamW's first steps are large however small the gradient.",
  ),
  schedule: choice('constant', ['constant', 'cosine', 'linear'], 'Learning rate after the warm-up.'),
  weightDecay: number(0, 0, 10, 'Decoupled weight decay of AdamW, on matrices.'),
  beta1: number(0.9, 0, 0.99999, 'Decay of the mean of the gradient in AdamW.'),
  beta2: number(0.99, 0, 0.99999, 'Decay of the mean of its square.'),
  clipNorm: number(1, 0, 1000, 'Largest norm of the gradient; 0 does not clip.'),

  sampledEvaluations: integer(4, 0, 64, 'Completions of each prompt in an evaluation that samples; 0 is greedy alone.'),
  shownSamples: integer(8, 0, 1000, 'Completions that are shown with every evaluation.'),
} as const;

/** The settings of a loop, checked. */
export type RftLoopSettings = ConfigOf<typeof rftLoopSchema>;

/**
 * Settings of a loop with the defaults filled in.
 *
 * @throws AppError 'invalid-argument' naming the setting, the value seen and the values allowed
 */
export function readRftLoopSettings(input: Readonly<Record<string, unknown>>): RftLoopSettings {
  return readConfig(rftLoopSchema, input);
}
