/** Which curriculum draws the prompts of a job: the curricula of src/methods under the settings of a job. */

import type { ConfigOf } from '../../core/config.js';
import { makeCurriculum, needsScores } from '../../methods/curriculum/make-curriculum.js';
import { curriculumSchema as schema, type CurriculumSettings } from '../../methods/curriculum/settings.js';
import type { CurriculumSource } from './loop.js';

const { kind, update, ...others } = schema;

/** Settings of the curriculum of a job, under names that say what they are of among all the others. */
export const curriculumSchema = { curriculum: kind, windowUpdate: update, ...others } as const;

/** Rounds of drawing anew with dynamic filtering unless `redraws` says otherwise. */
export const DYNAMIC_REDRAWS = 4;

/** The curriculum of a job, made from its settings. */
export function curriculumOf(config: ConfigOf<typeof curriculumSchema>, seed: number): CurriculumSource {
  const settings = settingsOf(config);
  return {
    needsScores: needsScores(settings.kind),
    make: (pool, given) => makeCurriculum(settings, pool, { seed, ...given }),
  };
}

function settingsOf(config: ConfigOf<typeof curriculumSchema>): CurriculumSettings {
  const { curriculum, windowUpdate, ...rest } = config;
  const own = Object.keys(others) as (keyof typeof others)[];
  const picked = Object.fromEntries(own.map((name) => [name, rest[name]])) as Pick<
    CurriculumSettings,
    keyof typeof others
  >;
  return { kind: curriculum, update: windowUpdate, ...picked };
}
