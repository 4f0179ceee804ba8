/** Numbers of enums → words. A message may hold any number, whatever its type says, so that each is looked up here. */

import { check } from '../core/errors.js';

/**
 * @param words by their number in the message; the one at 0, for a number that was not given, is left out if one must be
 * @throws AppError 'invalid-argument' naming the field, the number seen and the numbers allowed
 */
export function wordOf<T extends string>(field: string, value: number, words: readonly (T | undefined)[]): T {
  const found = words[value];
  check(found !== undefined, () => {
    const allowed = words.slice(1).map((word, i) => `${i + 1} (${word!})`);
    return `${field} is ${value}; it must be ${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1)!}`;
  });
  return found;
}
