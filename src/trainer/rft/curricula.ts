/** Which curriculum draws the prompts of a job. */

import { choice, type ConfigOf } from '../../core/config.js';
import { Rng, type RngState } from '../../core/rng.js';
import type { CurriculumSource } from './loop.js';

/** Settings of the curriculum of a job. */
export const curriculumSchema = {
  curriculum: choice('uniform', ['uniform'], 'How the prompts of a step are drawn from the pool.'),
} as const;

/** The curriculum of a job, made from its settings. */
export function curriculumOf(_settings: ConfigOf<typeof curriculumSchema>, seed: number): CurriculumSource {
  return {
    make({ length }, { state }) {
      const rng = state === undefined ? new Rng(seed) : Rng.fromState(state as RngState);
      return {
        draw: (count) => Array.from({ length: count }, () => rng.int(length)),
        update: () => undefined,
        state: () => rng.state(),
      };
    },
  };
}
