/** The part of an evaluation that not every network gives, as numbers in a row. */

import type { GoEvaluation } from './evaluation.js';

/** What networks may say about the score and how far to trust what they say; names of `GoEvaluation`, in this order. */
export const scoreFields = [
  'score',
  'scoreStdev',
  'lead',
  'varTimeLeft',
  'shorttermWinlossError',
  'shorttermScoreError',
] as const;

/** The scores of an evaluation. */
export type Scores = Pick<GoEvaluation, (typeof scoreFields)[number]>;

/** For whoever puts together what is read-only afterwards. */
export type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Reads them back into `scores`. */
export function readScores(values: Float32Array, at: number, scores: Writable<Scores>): void {
  scores.score = values[at]!;
  for (let i = 1; i < scoreFields.length; i++) {
    const value = values[at + i]!;
    if (!Number.isNaN(value)) scores[scoreFields[i]!] = value;
  }
}
