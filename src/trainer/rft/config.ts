/** The settings of reinforcement fine-tuning itself; those of the job around it are in job-config.ts. */

import { choice, type ConfigOf, flag, integer, number, readConfig, text } from '../../core/config.js';
import { divergences } from '../../nn/networks/transformer/policy-loss.js';
import { estimators } from './advantages.js';

/** Every setting of a loop, with its default, range and meaning. */
export const rftLoopSchema = {
  seed: integer(1, 0, 2 ** 31, 'Seed of the prompt draws, the completions and the evaluations.'),
  steps: integer(200, 1, 10_000_000, 'Steps after which the job ends.'),

  promptsPerStep: integer(32, 1, 65_536, 'Prompts drawn for each step.'),
  completions: integer(8, 2, 1024, 'Completions drawn for each prompt; the completions of one prompt are a group.'),
  maxTokens: integer(64, 1, 65_536, 'Most tokens of a completion, the end token included.'),
  temperature: number(
    1,
    0.01,
    10,
    'Temperature: what logits are divided by, both when completions are drawn and in the loss.',
  ),
  topP: number(
    1,
    0.01,
    1,
    'Top-p (nucleus) sampling: completions are drawn from the likeliest tokens that together have this share of the probability.',
  ),
  format: choice(
    'plain',
    ['plain', 'chat'],
    'Prompt format: plain is the prompt as it is, chat is a user message in ChatML.',
  ),
  prefix: text('', 'Text before every prompt; in the chat format, the system message.'),

  estimator: choice(
    'grpo',
    estimators,
    'How advantages are computed from the rewards of a group and tokens are weighted in the loss: GRPO, Dr. GRPO, DAPO or RLOO.',
  ),
  clipLow: number(
    0.2,
    0,
    1,
    "ε of the lower clip: the ratio of a token's new to its old probability is clipped at 1 − clipLow.",
  ),
  clipHigh: number(
    0.2,
    0,
    100,
    "ε of the upper clip: the ratio of a token's new to its old probability is clipped at 1 + clipHigh; DAPO uses 0.28.",
  ),
  klCoefficient: number(
    0.001,
    0,
    100,
    'Weight of the KL divergence from the model at the start; 0 loads no reference model.',
  ),
  klEstimator: choice('k3', divergences, 'Estimator of the KL divergence; k3 is never negative.'),
  entropyCoefficient: number(0, 0, 100, 'Weight of the entropy bonus, which the loss subtracts.'),
  miniBatches: integer(1, 1, 1024, 'Optimizer updates into which the groups of a step are divided.'),
  passes: integer(1, 1, 100, 'Passes over the groups of a step.'),
  redraws: integer(
    0,
    0,
    100,
    'Most extra draws of a step, to replace groups whose completions all have the same reward (dynamic sampling, DAPO).',
  ),
  endRequired: flag(true, 'Whether a completion without an end token earns no reward.'),
  overlongTokens: integer(
    0,
    0,
    65_536,
    'Number of tokens before maxTokens over which a length penalty rises from 0 to 1 (soft overlong punishment, DAPO).',
  ),

  learningRate: number(0.0001, 0, 10, 'Learning rate after the warm-up.'),
  warmupSteps: integer(
    10,
    0,
    1_000_000,
    'Steps over which the learning rate rises from zero; without a warm-up the first steps of AdamW are large however small the gradient is.',
  ),
  schedule: choice('constant', ['constant', 'cosine', 'linear'], 'Learning rate after the warm-up.'),
  weightDecay: number(0, 0, 10, 'Decoupled weight decay of AdamW, on matrices alone.'),
  beta1: number(0.9, 0, 0.99999, "Decay of AdamW's mean of the gradient."),
  beta2: number(0.99, 0, 0.99999, "Decay of AdamW's mean of the squared gradient."),
  clipNorm: number(1, 0, 1000, 'Norm to which a larger gradient is scaled down; 0 never clips the gradient.'),

  sampledEvaluations: integer(
    4,
    0,
    64,
    'Completions sampled for each prompt in an evaluation, beside the greedy completion; 0 evaluates greedily alone.',
  ),
  shownSamples: integer(8, 0, 1000, 'Completions shown with every evaluation.'),
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
