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
    'Data set of tasks, the pool, a name or name@version; `tengen datasets import` or `make` makes one.',
  ),
  base: text('', 'Model to start from, a name or name@version; empty goes on from the trained one.'),
  unusable: choice(
    'refuse',
    ['refuse', 'skip'],
    'Whether a line without an answer, or with a prompt too long for the model, refuses the data set or is left out.',
  ),
  ...rftLoopSchema,
  ...curriculumSchema,
  scores: text(
    '',
    'Data set of tasks with angle scores for the curriculum; empty has the job score its pool if need be.',
  ),
  scoresOfAnyModel: flag(false, 'Whether scores are taken that belong to another model than the job starts from.'),
  keepScores: text('', 'Name of a data set in which the scores that the job computes are kept; empty keeps none.'),
  ...rewardSchema,

  evaluationDataset: text('', 'Data set of tasks to evaluate on; empty sets a share of the pool aside.'),
  evaluationShare: number(0.05, 0, 0.9, 'Share of the pool set aside to evaluate on without an evaluationDataset.'),
  evaluationPrompts: integer(200, 1, 1_000_000, 'Most tasks of an evaluation.'),
  evaluationSteps: integer(20, 1, 1_000_000, 'Steps between evaluations; there is one at the start and at the end.'),

  checkpointSteps: integer(20, 1, 1_000_000, 'Steps between checkpoints; stopping makes one too.'),
  versionSteps: integer(0, 0, 10_000_000, 'Steps between versions of the model; 0 makes one at the end.'),
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
