/** Verifiers that compare text: exact and numeric. Immediate, in time that grows with the text alone. */

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

function valueOf(text: string): number | undefined {
  const trimmed = text.trim().replaceAll(',', '');
  const value = Number(trimmed);
  return trimmed === '' || !Number.isFinite(value) ? undefined : value;
}
