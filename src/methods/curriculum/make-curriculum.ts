/** The curricula by kind. */

import { check } from '../../core/errors.js';
import { AccuracyCurriculum } from './accuracy.js';
import type { Curriculum, CurriculumOptions, Prompt } from './curriculum.js';
import { LearnabilityCurriculum } from './learnability.js';
import { OrderedCurriculum } from './ordered.js';
import type { CurriculumSettings } from './settings.js';
import { UniformCurriculum } from './uniform.js';

/**
 * Makes a curriculum.
 *
 * @throws AppError 'invalid-argument' if scores are missing, lists have other lengths than the pool, or the state is of another kind
 */
export function makeCurriculum(
  settings: CurriculumSettings,
  pool: readonly Prompt[],
  options: CurriculumOptions,
): Curriculum {
  const { kind } = settings;
  const { state, scores, difficulties } = options;
  check(pool.length > 0, 'The pool is empty; it must have at least one prompt');
  for (const [name, list] of Object.entries({ scores, difficulties })) {
    check(list === undefined || list.length === pool.length, () => {
      return `There are ${list?.length ?? 0} ${name} for ${pool.length} prompts; there must be one for each`;
    });
  }
  check(!needsScores(kind) || scores !== undefined || state !== undefined, () => {
    return `Curriculum '${kind}' needs angle scores of the pool, and there are none`;
  });
  check(state === undefined || state.kind === kind, () => {
    return `The state is that of curriculum '${state?.kind ?? ''}', not of '${kind}'`;
  });
  switch (kind) {
    case 'uniform':
    case 'dynamic-filtering':
      return new UniformCurriculum(kind, pool.length, options);
    case 'accuracy':
      return new AccuracyCurriculum(settings, pool, options);
    case 'learnability':
    case 'mixed':
      return new LearnabilityCurriculum(kind, settings, pool, options);
    default:
      return new OrderedCurriculum(kind, settings, pool, options);
  }
}

/** Whether a kind needs angle scores of the pool. */
export function needsScores(kind: CurriculumSettings['kind']): boolean {
  return kind === 'gain' || kind === 'gain-debiased' || kind === 'mixed';
}
