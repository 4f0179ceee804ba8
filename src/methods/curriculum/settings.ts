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
  kind: choice('learnability', curriculumKinds, 'How the prompts of a step are drawn from the pool.'),
  sigma: number(
    0.25,
    0.001,
    10,
    'Width of the window over the ordered pool (gain and its controls), as a share of the pool.',
  ),
  uniformShare: number(
    0,
    0,
    1,
    'Share of a draw that is drawn evenly from the whole pool, so that nothing is forgotten.',
  ),
  alpha: number(2, 0, 100, 'How strongly the window or the target follows the accuracy.'),
  beta: number(0.5, 0, 1, 'Accuracy at which the window or the target stays.'),
  gamma: number(0.5, 0, 100, 'How strongly the window follows the angle concentration.'),
  update: choice(
    'paper',
    ['paper', 'released'],
    'How the window moves: by the formula of the paper, or by that of the released code, which uses alpha twice and never goes back.',
  ),
  atEnd: choice(
    'wrap',
    ['wrap', 'stay'],
    'What the window does at the end of the pool: begin again with scores of the model as it is, or stay.',
  ),
  rankWithinFamily: flag(
    false,
    'Whether prompts are ordered within their families, and the families merged by quantile.',
  ),
  eta: number(5, 0, 100, 'Largest change of the target difficulty in a step (accuracy), of 100.'),
  prior: number(
    1,
    0.01,
    100,
    "Completions that the pass rate of a prompt's cell counts for in its own estimate (learnability, mixed).",
  ),
  halfLife: number(
    10,
    0.1,
    1_000_000,
    'Steps after which what is known of a prompt counts half (learnability, mixed).',
  ),
  sharpness: number(2, 0, 20, 'Power of p(1 − p) by which prompts are weighted (learnability, mixed).'),
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
