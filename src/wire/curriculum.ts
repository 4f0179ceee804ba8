/** Prompts, signals and figures of curricula ↔ messages. */

import { check } from '../core/errors.js';
import { angleOf } from '../methods/curriculum/angle.js';
import type { AngleScore, CurriculumState, Prompt } from '../methods/curriculum/curriculum.js';
import type * as pb from '../proto/tengen/v1/curriculum.js';

/** Widest mean vectors, and longest names, that are accepted. */
const MOST_WIDTH = 65_536;
const MOST_NAME = 256;
/** A mean of unit vectors is no longer than 1, and in single precision hardly more. */
const LONGEST = 1.001;

/** @param first index of the first one, for what is said of a wrong one @throws AppError 'invalid-argument' */
export function promptsFromWire(messages: readonly pb.CurriculumPrompt[], first: number): Prompt[] {
  return messages.map(({ id, length, family, level }, i) => {
    const where = `prompts[${first + i}]`;
    for (const [name, text] of Object.entries({ id, family })) {
      check(text.length <= MOST_NAME, () => `${where}.${name} has ${text.length} characters; it must have 256 at most`);
    }
    check(length >= 1, () => `${where}.length is ${length}; it must be at least 1`);
    check(Number.isFinite(level), () => `${where}.level is ${level}; it must be a number`);
    return { id, length, family, level };
  });
}

/**
 * A mean unit vector as it was sent.
 *
 * @throws AppError 'invalid-argument' if it is empty, too wide or too long
 */
export function meanFromWire(values: readonly number[], where: string): readonly number[] {
  check(values.length >= 1 && values.length <= MOST_WIDTH, () => {
    return `${where} has ${values.length} numbers; it must have 1 to ${MOST_WIDTH}`;
  });
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  check(length <= LONGEST, () => `${where} has length ${length}; a mean of unit vectors has 1 at most`);
  return values;
}

/**
 * The score that a signal gives.
 *
 * @param prefix mean unit vector of the tokens that all prompts begin with; empty if there are none
 * @param length tokens of the question
 * @returns undefined if the signal is empty
 * @throws AppError 'invalid-argument' naming what is wrong
 */
export function scoreFromWire(
  { of }: pb.PromptSignal,
  { prefix, length, where }: { readonly prefix: readonly number[]; readonly length: number; readonly where: string },
): AngleScore | undefined {
  if (of?.$case === 'direction') {
    const mean = meanFromWire(of.value.meanUnitVector, `${where}.mean_unit_vector`);
    return angleOf(prefix.length > 0 ? prefix : new Float64Array(mean.length), mean, length);
  }
  if (!of) return undefined;
  const { intra, inter } = of.value;
  check(intra >= 0 && intra <= LONGEST, () => `${where}.intra is ${intra}; it must be from 0 to 1`);
  check(Math.abs(inter) <= LONGEST, () => `${where}.inter is ${inter}; it must be from -1 to 1`);
  return { intra, inter, debiasedIntra: length < 2 ? 0 : (length * intra - 1) / (length - 1), length };
}

/** The numbers of a state, such as where the window stands. */
export function statusToWire(state: CurriculumState, wantsScores: boolean): pb.CurriculumStatus {
  const figures = Object.entries(state).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  return { wantsScores, figures: Object.fromEntries(figures) };
}
