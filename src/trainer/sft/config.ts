/** The settings of an `sft` job: supervised fine-tuning on a grid of ranks. Defaults fit a small model on two cores. */

import { choice, flag, integer, number, readConfig, text } from '../../core/config.js';
import type { ConfigOf } from '../../core/config.js';
import { check } from '../../core/errors.js';
import { schedulingPolicies } from '../../methods/scheduling/plan.js';

/** Every setting of the job, with its default, range and meaning. */
export const sftSchema = {
  dataset: text('', 'Data set to train on, NAME or NAME@VERSION; `tengen datasets import` makes one.'),
  base: text(
    '',
    'Model to start from, NAME or NAME@VERSION. If base is empty, training continues the model of the job, or starts a new model, of the sizes below and with a vocabulary of bytes, where that model does not exist.',
  ),
  seed: integer(1, 0, 2 ** 31, 'Seed of the weights, the order of the samples and the split.'),

  layers: integer(4, 1, 256, 'Layers of a new model.'),
  hidden: integer(256, 8, 16_384, 'Hidden width of a new model.'),
  heads: integer(8, 1, 256, 'Attention heads of a new model.'),
  keyValueHeads: integer(4, 1, 256, 'Key-value heads of a new model; each is shared by a group of attention heads.'),
  intermediate: integer(
    0,
    0,
    65_536,
    'Width of the feed-forward layer of a new model; 0 takes 8/3 of hidden, rounded up to a multiple of 16.',
  ),
  tiedHead: flag(true, 'Whether the output head of a new model is its embedding (tied weights).'),

  batchSize: integer(32, 1, 65_536, 'Samples in a training step, over all ranks and micro-batches.'),
  epochs: number(1, 0, 10_000, 'Passes over all samples; not used if maxSteps is above 0.'),
  maxSteps: integer(0, 0, 100_000_000, 'Steps after which the job ends; 0 ends the job by epochs.'),
  learningRate: number(0.001, 0, 10, 'Learning rate after the warm-up.'),
  warmupSteps: integer(20, 0, 1_000_000, 'Steps over which the learning rate rises from zero.'),
  schedule: choice(
    'cosine',
    ['constant', 'cosine', 'linear'],
    'Learning rate after the warm-up: constant, or falling to the end of the job as a cosine or linearly.',
  ),
  finalLearningRateShare: number(0.1, 0, 1, 'Learning rate at the end of the job, as a share of learningRate.'),
  weightDecay: number(0.01, 0, 10, 'Decoupled weight decay of AdamW, on matrices alone.'),
  beta1: number(0.9, 0, 0.99999, "Decay of AdamW's mean of the gradient."),
  beta2: number(0.95, 0, 0.99999, "Decay of AdamW's mean of the squared gradient."),
  clipNorm: number(1, 0, 1000, 'Norm to which a larger gradient is scaled down; 0 never clips the gradient.'),
  evaluationShare: number(0.05, 0, 0.9, 'Share of the samples set aside for evaluation; 0 evaluates nothing.'),
  evaluationSteps: integer(50, 1, 1_000_000, 'Steps between evaluations; the job evaluates once more at the end.'),
  tooLong: choice(
    'refuse',
    ['refuse', 'skip'],
    'What to do with a sample that does not fit in the memory of a rank group: refuse the data set, or skip the sample.',
  ),

  dataParallel: integer(1, 1, 64, 'Rank groups; each rank group trains on other samples.'),
  contextParallel: integer(2, 1, 64, 'Ranks in a rank group; the ranks of a rank group share long samples.'),
  bucketSize: integer(
    2048,
    0,
    1_000_000,
    'Tokens that a rank holds at once; a rank group holds bucketSize × contextParallel tokens. 0 takes the tokens that fit in memoryMegabytes.',
  ),
  memoryMegabytes: integer(2048, 1, 16_777_216, 'Memory that a rank may use if bucketSize is 0, in MiB.'),
  policy: choice(
    'skrull-refined',
    schedulingPolicies,
    'Scheduling policy: how samples are assigned to micro-batches and ranks (docs/methods/scheduling.md).',
  ),
  microBatch: integer(1, 1, 65_536, 'Samples in a micro-batch, for the policies shard-all and sorted.'),
  costModel: choice(
    'profile',
    ['profile', 'estimate'],
    'Times by which samples are scheduled: measured on the ranks at the start (profile), or estimated from the sizes of the model. Only with estimates do two runs make the same schedule.',
  ),
  exchangeLatencyMs: number(
    0,
    0,
    10_000,
    'Milliseconds added to every exchange of keys and values, to simulate a slower network.',
  ),
  maxRankFailures: integer(
    3,
    0,
    1000,
    'Times in a row that a step is repeated after a rank died, before the job fails.',
  ),

  checkpointSteps: integer(
    100,
    1,
    1_000_000,
    'Steps between checkpoints; a job that is stopped also writes a checkpoint.',
  ),
  promote: choice(
    'best',
    ['never', 'best', 'last'],
    'Version that is promoted, so that the name of the model stands for it: never (none), best (the least evaluation loss so far) or last. Without an evaluation best means last; the first version of a new model is always promoted.',
  ),
  versionSteps: integer(0, 0, 10_000_000, 'Steps between versions of the model; 0 makes one version, at the end.'),
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
