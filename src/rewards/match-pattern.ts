/** A pattern against a completion. Runs in threads of a pool: how long it takes is for whoever wrote the pattern to decide. */

/**
 * Whether the last match of a pattern is the answer, or the first group of it if the pattern has groups.
 *
 * @param pattern that `checkPattern` takes
 */
export function matchPattern(pattern: string, completion: string, answer: string): boolean {
  let last: RegExpExecArray | undefined;
  for (const match of completion.matchAll(new RegExp(pattern, 'gmu'))) last = match;
  return last !== undefined && (last[1] ?? last[0]).trim() === answer.trim();
}
