/** Settings of the curricula; defaults are the paper's where it says something, scaled to small pools where it does not. */

import { choice, type ConfigOf, flag, number, readConfig } from '../../core/config.js';

export const curriculumKinds = [
  'uniform',
  'gain',
  'gain-debiased',
  'length-first',
  'random-order',
  'accuracy',
  'dynamic-filtering',
  'learnability',
  'mixed',
] as const;

/** Every setting, with its default, range and meaning. */
export const curriculumSchema = {
  kind: choice(
    'learnability',
    curriculumKinds,
    'Curriculum: how the prompts of a step are drawn from the pool (docs/methods/curriculum.md).',
  ),
  sigma: number(
    0.25,
    0.001,
    10,
    'Standard deviation σ of the Gaussian window over the ordered pool, as a share of the pool (gain and its controls).',
  ),
  uniformShare: number(0, 0, 1, 'Share of a draw that is uniform over the whole pool, so that no prompt is forgotten.'),
  alpha: number(
    2,
    0,
    100,
    'α: how strongly the window (gain and its controls) or the target difficulty (accuracy) moves with accuracy − beta.',
  ),
  beta: number(0.5, 0, 1, 'β: accuracy at which the window or the target difficulty does not move.'),
  gamma: number(0.5, 0, 100, 'γ: how strongly the window moves with the angle concentration of the prompts drawn.'),
  update: choice(
    'paper',
    ['paper', 'released'],
    "Formula by which the window moves: paper is the paper's; released is that of the released code, which uses alpha in place of gamma and never moves the window back.",
  ),
  atEnd: choice(
    'wrap',
    ['wrap', 'stay'],
    'What the window does at the end of the ordered pool: wrap starts again, with angle scores by the model as it is then; stay stays.',
  ),
  rankWithinFamily: flag(false, 'Order prompts within their families, and merge the families by quantile.'),
  eta: number(5, 0, 100, 'η: largest change of the target difficulty in a step, on a scale from 0 to 100 (accuracy).'),
  prior: number(
    1,
    0.01,
    100,
    "Number of completions that the pass rate of a prompt's cell counts as in the estimate of the prompt's own pass rate (learnability, mixed).",
  ),
  halfLife: number(
    10,
    0.1,
    1_000_000,
    'Steps after which the observed completions of a prompt count half as much (learnability, mixed).',
  ),
  sharpness: number(
    2,
    0,
    20,
    'Exponent on p(1 − p), where p is the pass rate of a prompt, in the weight of a prompt (learnability, mixed).',
  ),
} as const;

/** The settings of a curriculum, checked. */
export type CurriculumSettings = ConfigOf<typeof curriculumSchema>;

/**
 * Reads settings and fills in the defaults.
 *
 * @throws AppError 'invalid-argument' naming the setting, the value seen and the values allowed
 */
export function readCurriculumSettings(input: Readonly<Record<string, unknown>>): CurriculumSettings {
  return readConfig(curriculumSchema, input);
}
