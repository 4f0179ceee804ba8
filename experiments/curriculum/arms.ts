/** The arms of the comparison: they differ in which prompts they draw and in nothing else that is not said here. */

import { check } from '../../src/core/errors.js';
import { makeCurriculum } from '../../src/methods/curriculum/make-curriculum.js';
import { readCurriculumSettings } from '../../src/methods/curriculum/settings.js';
import type { CurriculumSource } from '../../src/trainer/rft/loop.js';

/** One way to draw. */
export interface Arm {
  readonly curriculum: Readonly<Record<string, unknown>>;
  /** Whether the pool is scored by the model at the start. */
  readonly needsScores?: boolean;
  /** What the accuracy curriculum knows of difficulty: pass rates drawn beforehand and charged, or the levels, for nothing. */
  readonly difficulties?: 'pass-rate' | 'level';
  /** Half of the pool alone: that with the higher scores, any, or that least solved by pass rates that are charged. */
  readonly half?: 'angle' | 'any' | 'unsolved';
  /** Whether the pool is graded; without it the curriculum knows families alone. */
  readonly graded?: false;
  /** Settings of the loop that belong to the arm. */
  readonly loop?: Readonly<Record<string, unknown>>;
}

/** The settings of the paper's scheduler with this project's window and share of uniform draws. */
const scheduled = { sigma: 0.25, alpha: 2, beta: 0.5, gamma: 0.5, uniformShare: 0 };

/** Weights by p(1 − p), squared, and what is known of a prompt halved in ten steps; chosen on the calibration seeds. */
const learnt = { prior: 1, halfLife: 10, sharpness: 2, uniformShare: 0 };

export const arms: Readonly<Record<string, Arm>> = {
  uniform: { curriculum: { kind: 'uniform' } },
  gain: { curriculum: { kind: 'gain', ...scheduled }, needsScores: true },
  'gain-uniform': { curriculum: { kind: 'gain', ...scheduled, uniformShare: 0.25 }, needsScores: true },
  'gain-debiased': { curriculum: { kind: 'gain-debiased', ...scheduled }, needsScores: true },
  'length-first': { curriculum: { kind: 'length-first', ...scheduled } },
  'random-order': { curriculum: { kind: 'random-order', ...scheduled } },
  accuracy: { curriculum: { kind: 'accuracy' }, difficulties: 'pass-rate' },
  'accuracy-level': { curriculum: { kind: 'accuracy' }, difficulties: 'level' },
  'dynamic-filtering': { curriculum: { kind: 'dynamic-filtering' }, loop: { redraws: 4 } },
  learnability: { curriculum: { kind: 'learnability', ...learnt } },
  ungraded: { curriculum: { kind: 'learnability', ...learnt }, graded: false },
  mixed: { curriculum: { kind: 'mixed', ...learnt }, needsScores: true },
  'gain-half': { curriculum: { kind: 'gain', ...scheduled }, needsScores: true, half: 'angle' },
  'learnability-half': { curriculum: { kind: 'learnability', ...learnt }, half: 'any' },
  // Thought of after the others had been run.
  'unsolved-half': { curriculum: { kind: 'learnability', ...learnt }, half: 'unsolved' },
};

/** Looks an arm up. @throws AppError 'invalid-argument' */
export function armOf(name: string): Arm {
  const arm = arms[name];
  check(arm !== undefined, () => `There is no arm '${name}'; arms are ${Object.keys(arms).join(', ')}`);
  return arm;
}

/** The arm's curriculum for a loop. */
export function curriculumOf(
  { curriculum, graded }: Arm,
  options: { readonly seed: number; readonly difficulties?: readonly number[] },
): CurriculumSource {
  const settings = readCurriculumSettings(curriculum);
  return {
    make: (pool, { scores }) => {
      const seen = graded === false ? pool.map((prompt) => ({ ...prompt, level: 0 })) : pool;
      return makeCurriculum(settings, seen, { ...options, ...(scores && { scores }) });
    },
  };
}
