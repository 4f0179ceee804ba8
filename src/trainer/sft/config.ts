/** The settings of an `sft` job: supervised fine-tuning on a grid of ranks. Defaults fit a small model on two cores. */

import { choice, flag, integer, number, readConfig, text } from '../../core/config.js';
import type { ConfigOf } from '../../core/config.js';
import { check } from '../../core/errors.js';
import { policies } from '../../methods/scheduling/plan.js';

/** Every setting of the job, with its default, range and meaning. */
export const sftSchema = {
  dataset: text('', 'Data set to learn from, a name or name@version; `tengen datasets import` makes one.'),
  base: text(
    '',
    'Model to start from, a name or name@version; empty goes on from the trained one, or starts one of the sizes below with a vocabulary of bytes.',
  ),
  seed: integer(1, 0, 2 ** 31, 'Seed of the weights, the order of the samples and the split.'),

  layers: integer(4, 1, 256, 'Layers of a new model.'),
  hidden: integer(256, 8, 16_384, 'Width of a new model.'),
  heads: integer(8, 1, 256, 'Attention heads of a new model.'),
  keyValueHeads: integer(4, 1, 256, 'Heads of keys and values, shared by groups of attention heads.'),
  intermediate: integer(
    0,
    0,
    65_536,
    'Width of the inner layer of a new model; 0 takes 8/3 of hidden, rounded up to a multiple of 16.',
  ),
  tiedHead: flag(true, 'Whether a new model uses its embedding as its head.'),

  batchSize: integer(32, 1, 65_536, 'Samples of a step, over all ranks and micro-batches.'),
  epochs: number(1, 0, 10_000, 'Times that every sample is seen; of no meaning if maxSteps is set.'),
  maxSteps: integer(0, 0, 100_000_000, 'Steps after which the job ends; 0 takes them from epochs.'),
  learningRate: number(0.001, 0, 10, 'Learning rate after the warm-up.'),
  warmupSteps: integer(20, 0, 1_000_000, 'Steps over which the learning rate rises from zero.'),
  schedule: choice(
    'cosine',
    ['constant', 'cosine', 'linear'],
    'Learning rate after the warm-up: constant, or falling to the end of the job.',
  ),
  finalLearningRateShare: number(0.1, 0, 1, 'Share of the learning rate that is left at the end.'),
  weightDecay: number(0.01, 0, 10, 'Decoupled weight decay of AdamW, on matrices.'),
  beta1: number(0.9, 0, 0.99999, 'Decay of the mean of the gradient in AdamW.'),
  beta2: number(0.95, 0, 0.99999, 'Decay of the mean of its square.'),
  clipNorm: number(1, 0, 1000, 'Largest norm of the gradient; 0 does not clip.'),
  evaluationShare: number(0.05, 0, 0.9, 'Share of the samples set aside to evaluate on; 0 evaluates nothing.'),
  evaluationSteps: integer(50, 1, 1_000_000, 'Steps between evaluations; there is one more at the end.'),
  tooLong: choice(
    'refuse',
    ['refuse', 'skip'],
    'Whether a sample that is longer than the memory of a group refuses the data set or is left out.',
  ),

  dataParallel: integer(1, 1, 64, 'Groups of ranks, each with other samples.'),
  contextParallel: integer(2, 1, 64, 'Ranks of a group, which share long samples.'),
  bucketSize: integer(
    2048,
    0,
    1_000_000,
    'Tokens that a rank holds at once; a group holds as many times its ranks. 0 takes what fits in memoryMegabytes.',
  ),
  memoryMegabytes: integer(2048, 1, 16_777_216, 'Memory that a rank may use, for bucketSize=0.'),
  policy: choice('skrull-refined', policies, 'How samples are put into micro-batches and on ranks.'),
  microBatch: integer(1, 1, 65_536, 'Samples in a micro-batch of the policies shard-all and sorted.'),
  costModel: choice(
    'profile',
    ['profile', 'estimate'],
    'Whether the times by which samples are scheduled are measured on the ranks at the start or estimated from the sizes of the model; only with estimates do two runs schedule alike.',
  ),
  exchangeLatencyMs: number(
    0,
    0,
    10_000,
    'Time added to every exchange of keys and values, to see what a slower network would do.',
  ),
  maxRankFailures: integer(
    3,
    0,
    1000,
    'Times in a row that a step is repeated because a rank died before the job fails.',
  ),

  checkpointSteps: integer(100, 1, 1_000_000, 'Steps between checkpoints; stopping makes one too.'),
  promote: choice(
    'best',
    ['never', 'best', 'last'],
    'Which version the name of the model comes to stand for: none, the one with the least evaluation loss so far, or the last. Without an evaluation best means last; the first version under a new name stands for it always.',
  ),
  versionSteps: integer(0, 0, 10_000_000, 'Steps between versions of the model; 0 makes one at the end.'),
} as const;

/** The settings of a job, checked. */
export type SftConfig = ConfigOf<typeof sftSchema>;

/**
 * Reads the settings of a job and fills in the defaults.
 *
 * @throws AppError 'invalid-argument' naming the setting, the value seen and the values allowed
 */
export function readSftConfig(input: Readonly<Record<string, unknown>>): SftConfig {
  const config = readConfig(sftSchema, input);
  const { dataset, maxSteps, epochs, hidden, heads, keyValueHeads } = config;
  check(dataset !== '', "Setting 'dataset' is empty; it must name a data set (`tengen datasets import FILE.jsonl`)");
  check(maxSteps > 0 || epochs > 0, "Settings 'epochs' and 'maxSteps' are both 0; one must be set");
  check(
    hidden % (2 * heads) === 0,
    () => `Setting 'hidden' is ${hidden}; it must be a multiple of twice the heads, ${2 * heads}`,
  );
  check(
    heads % keyValueHeads === 0,
    () => `Setting 'keyValueHeads' is ${keyValueHeads}; it must divide the heads, ${heads}`,
  );
  return config;
}
