/** The settings of a `grow` job: a trained network into a larger one. */

import { choice, flag, integer, number, readConfig, text } from '../../core/config.js';
import type { ConfigOf } from '../../core/config.js';
import { growthMethodNames, growthMethods, type OperatorSettings } from '../../methods/growth/settings.js';

/** Every setting of the job, with its default, range and meaning. */
export const growSchema = {
  source: text('', 'Model to grow, a name or name@version; empty grows the one that the job is for.'),
  dataset: text('', "Of a language model: data set to train the operator on, a name or name@version, as sft's."),
  games: text(
    '',
    'Of a Go network: alphazero job on whose replay window the operator is trained; empty takes the newest one of the source.',
  ),
  method: choice(
    'net2net-spread',
    growthMethodNames,
    'How to grow. Trained operators: mango, mango-exact (which begins with the function kept) and ligo; without training: net2net, net2net-spread (which tells copies apart at once) and katago, which keep the function, stack, fpi and aki.',
  ),
  rank: integer(0, 0, 16, 'Rank of the bonds between the cores; 0 takes that of the method.'),
  operatorSteps: integer(100, 0, 100_000, 'Training steps of the operator, for the methods that train one.'),
  learningRate: number(0.001, 0, 1, "The operator's learning rate after ten steps of warm-up."),
  batchSize: integer(16, 1, 4096, 'Rows of tokens, or positions, in a step.'),
  rowTokens: integer(128, 2, 65_536, 'Of a language model: most tokens in a row; longer samples are cut.'),
  evaluationShare: number(
    0.1,
    0.001,
    0.9,
    'Share of the samples, or games, that losses are measured on and no step has.',
  ),
  evaluationBatches: integer(8, 1, 10_000, 'Most batches that a loss is measured on.'),
  maxLossIncrease: number(
    1,
    0,
    1000,
    "How far the grown network's loss may lie above the source's; beyond it the job fails and writes nothing.",
  ),
  promote: flag(true, 'Whether the grown version becomes the one that the name of the model stands for.'),
  seed: integer(1, 0, 2 ** 31, 'Seed of the operator, the order of the data and the split.'),

  layers: integer(0, 0, 256, 'Of a language model: layers to grow to; 0 keeps them.'),
  hidden: integer(0, 0, 65_536, 'Width to grow to; 0 keeps it.'),
  heads: integer(0, 0, 512, 'Attention heads to grow to, of the same width; 0 grows them with hidden.'),
  keyValueHeads: integer(0, 0, 512, 'Heads of keys and values to grow to; 0 grows them with hidden.'),
  intermediate: integer(0, 0, 262_144, 'Width of the inner layer to grow to; 0 grows it with hidden.'),
  blocks: integer(0, 0, 64, 'Of a Go network: residual blocks to grow to; 0 keeps them.'),
  channels: integer(0, 0, 1024, 'Channels to grow to; 0 keeps them.'),
} as const;

/** The settings of a job, checked. */
export type GrowConfig = ConfigOf<typeof growSchema>;

/**
 * Reads the settings of a job and fills in the defaults.
 *
 * @throws AppError 'invalid-argument' naming the setting, the value seen and the values allowed
 */
export function readGrowConfig(input: Readonly<Record<string, unknown>>): GrowConfig {
  return readConfig(growSchema, input);
}

/** The operator that the settings ask for. */
export function operatorOf({ method, rank }: Pick<GrowConfig, 'method' | 'rank'>): OperatorSettings {
  const settings = growthMethods[method];
  return rank === 0 ? settings : { ...settings, rank };
}
