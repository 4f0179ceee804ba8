/** What a model or a data set may be called. */

import { check } from './errors.js';
import { quoted } from './quoted.js';

/** @throws AppError 'invalid-argument' unless the name can stand before the @ of a version */
export function checkModelName(name: string, noun = 'model'): void {
  check(
    /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/.test(name),
    () => `The ${noun} name is ${quoted(name)}; it must be 1 to 64 letters, digits, dots, dashes or underscores`,
  );
}
