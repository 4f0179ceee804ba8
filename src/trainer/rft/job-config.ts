/** The settings of an `rft` job: reinforcement fine-tuning of a language model on tasks. */

import { choice, type ConfigOf, flag, integer, number, readConfig, text } from '../../core/config.js';
import { check } from '../../core/errors.js';
import { rewardSchema } from '../../rewards/make-reward.js';
import { rftLoopSchema } from './config.js';
import { curriculumSchema, DYNAMIC_REDRAWS } from './curricula.js';

/** Every setting of the job, with its default, range and meaning. */
export const rftSchema = {
  dataset: text(
    '',
    'Data set of tasks (the pool), NAME or NAME@VERSION; `tengen datasets import` or `tengen datasets make` makes one.',
  ),
  base: text(
    '',
    'Model to start from, NAME or NAME@VERSION; if base is empty, training continues the model of the job.',
  ),
  unusable: choice(
    'refuse',
    ['refuse', 'skip'],
    'What to do with a line of the data set that has no answer, or whose prompt is too long for the model: refuse the data set, or skip the line.',
  ),
  ...rftLoopSchema,
  ...curriculumSchema,
  scores: text(
    '',
    'Data set of tasks with angle scores for the curriculum; if scores is empty and the curriculum needs angle scores, the job computes them.',
  ),
  scoresOfAnyModel: flag(false, 'Accept scores that were computed by another model than the one the job starts from.'),
  keepScores: text(
    '',
    'Name of a data set in which the job keeps the scores that it computes; if keepScores is empty, the job keeps none.',
  ),
  ...rewardSchema,

  evaluationDataset: text(
    '',
    'Data set of tasks for evaluation; if evaluationDataset is empty, the job sets a share of the pool aside.',
  ),
  evaluationShare: number(0.05, 0, 0.9, 'Share of the pool set aside for evaluation if evaluationDataset is empty.'),
  evaluationPrompts: integer(200, 1, 1_000_000, 'Most tasks in an evaluation.'),
  evaluationSteps: integer(
    20,
    1,
    1_000_000,
    'Steps between evaluations; the job also evaluates at the start and at the end.',
  ),

  checkpointSteps: integer(
    20,
    1,
    1_000_000,
    'Steps between checkpoints; a job that is stopped also writes a checkpoint.',
  ),
  versionSteps: integer(0, 0, 10_000_000, 'Steps between versions of the model; 0 makes one version, at the end.'),
} as const;

/** The settings of a job, checked. */
export type RftConfig = ConfigOf<typeof rftSchema>;

/**
 * Reads the settings of a job and fills in the defaults.
 *
 * @throws AppError 'invalid-argument' naming the setting, the value seen and the values allowed
 */
export function readRftConfig(input: Readonly<Record<string, unknown>>): RftConfig {
  const read = readConfig(rftSchema, input);
  const filters = read.curriculum === 'dynamic-filtering' && input['redraws'] === undefined;
  const config = filters ? { ...read, redraws: DYNAMIC_REDRAWS } : read;
  const { dataset, promptsPerStep, miniBatches, overlongTokens, maxTokens } = config;
  check(dataset !== '', "Setting 'dataset' is empty; it must name a data set of tasks (`tengen datasets make`)");
  check(
    miniBatches <= promptsPerStep,
    () => `Setting 'miniBatches' is ${miniBatches}; it must be at most promptsPerStep, ${promptsPerStep}`,
  );
  check(
    overlongTokens < maxTokens,
    () => `Setting 'overlongTokens' is ${overlongTokens}; it must be less than maxTokens, ${maxTokens}`,
  );
  return config;
}
