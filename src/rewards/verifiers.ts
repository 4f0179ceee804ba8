/** Verifiers that compare text: exact, numeric, and by a regular expression. Immediate, without side effects. */

import { AppError, check } from '../core/errors.js';

/** Whether a completion gives the answer. */
export type Verifier = (completion: string, answer: string) => boolean;

/** Numbers this close, relative to the larger of 1 and the answer, are equal. */
const TOLERANCE = 1e-6;
const number = /[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/g;

/** The whole completion is the answer; white space around either does not count. */
export const exact: Verifier = (completion, answer) => completion.trim() === answer.trim();

/** The last number in the completion has the value of the answer: `so 1,024.` answers 1024, and `007` answers 7. */
export const numeric: Verifier = (completion, answer) => {
  const wanted = valueOf(answer);
  const found = completion.match(number)?.at(-1);
  if (wanted === undefined || found === undefined) return false;
  const given = valueOf(found);
  return given !== undefined && Math.abs(given - wanted) <= TOLERANCE * Math.max(1, Math.abs(wanted));
};

/**
 * The last match of a pattern is the answer, or the first group of it if the pattern has groups: `#### (.+)$`.
 *
 * @throws AppError 'invalid-argument' if the pattern is none
 */
export function byPattern(pattern: string): Verifier {
  check(pattern !== '', 'The verifier regex needs a pattern');
  const expression = compile(pattern);
  return (completion, answer) => {
    const match = [...completion.matchAll(expression)].at(-1);
    return match !== undefined && (match[1] ?? match[0]).trim() === answer.trim();
  };
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'gmu');
  } catch (error) {
    throw new AppError('invalid-argument', `The pattern '${pattern}' is no regular expression`, { cause: error });
  }
}

function valueOf(text: string): number | undefined {
  const trimmed = text.trim().replaceAll(',', '');
  const value = Number(trimmed);
  return trimmed === '' || !Number.isFinite(value) ? undefined : value;
}
