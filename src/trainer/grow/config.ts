/** The settings of a `grow` job: a trained network into a larger one. */

import { choice, flag, integer, number, readConfig, text } from '../../core/config.js';
import type { ConfigOf } from '../../core/config.js';
import { growthMethodNames, growthMethods, type OperatorSettings } from '../../methods/growth/settings.js';

/** Every setting of the job, with its default, range and meaning. */
export const growSchema = {
  source: text('', 'Model to grow, NAME or NAME@VERSION; if source is empty, the job grows the model that it is for.'),
  dataset: text(
    '',
    'Language models: data set on which the growth operator is trained, NAME or NAME@VERSION, in the format of the sft job.',
  ),
  games: text(
    '',
    'Go networks: id of the alphazero job on whose replay window the growth operator is trained; if games is empty, the newest alphazero job of the source.',
  ),
  method: choice(
    'net2net-spread',
    growthMethodNames,
    "Growth method. With a trained operator: mango, mango-exact (starts from a network with the source's function) and ligo. Without training: stack, fpi and aki, and those that keep the source's function: net2net, net2net-spread (also adds noise to the outgoing weights of duplicated units, which sums to zero) and katago.",
  ),
  rank: integer(
    0,
    0,
    16,
    'Bond rank: size of the bonds between the cores of the operator; 0 takes the bond rank of the method.',
  ),
  operatorSteps: integer(100, 0, 100_000, 'Training steps of the growth operator, for methods that train an operator.'),
  learningRate: number(0.001, 0, 1, 'Learning rate of the growth operator after ten steps of warm-up.'),
  batchSize: integer(16, 1, 4096, 'Rows of tokens (language models) or positions (Go networks) in a step.'),
  rowTokens: integer(128, 2, 65_536, 'Language models: most tokens in a row; longer samples are cut.'),
  evaluationShare: number(
    0.1,
    0.001,
    0.9,
    'Share of the samples or games that is kept out of training, to measure losses on.',
  ),
  evaluationBatches: integer(8, 1, 10_000, 'Most batches on which a loss is measured.'),
  maxLossIncrease: number(
    1,
    0,
    1000,
    'Most that the loss of the grown network may exceed the loss of the source by; above maxLossIncrease the job fails and writes no model.',
  ),
  promote: flag(true, 'Whether the grown version is promoted, so that the name of the model stands for it.'),
  seed: integer(1, 0, 2 ** 31, 'Seed of the growth operator, the order of the data and the split.'),

  layers: integer(0, 0, 256, 'Language models: layers of the grown network; 0 keeps the number.'),
  hidden: integer(0, 0, 65_536, 'Language models: hidden width of the grown network; 0 keeps the width.'),
  heads: integer(
    0,
    0,
    512,
    'Language models: attention heads of the grown network, with the head width of the source; 0 grows their number with hidden.',
  ),
  keyValueHeads: integer(
    0,
    0,
    512,
    'Language models: key-value heads of the grown network; 0 grows their number with hidden.',
  ),
  intermediate: integer(
    0,
    0,
    262_144,
    'Language models: width of the feed-forward layer of the grown network; 0 grows the width with hidden.',
  ),
  blocks: integer(0, 0, 64, 'Go networks: residual blocks of the grown network; 0 keeps the number.'),
  channels: integer(0, 0, 1024, 'Go networks: channels of the grown network; 0 keeps the number.'),
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
