/** The list of tokens that have names: `NAME:LEVEL=TOKEN`, with commas or line ends between. */

import { check } from '../../core/errors.js';
import { levels, type Caller, type Level } from './call-levels.js';

/** A token and whose it is. */
export interface NamedToken extends Caller {
  readonly token: string;
}

/**
 * Reads the entries of a list; empty ones and lines that begin with `#` are passed over.
 *
 * @param setting where the list comes from, for the errors
 * @throws AppError 'invalid-argument' for what is no such list; no part of it that may be a token is shown
 */
export function readTokens(setting: string, text: string): readonly NamedToken[] {
  const entries = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .flatMap((line) => line.split(','))
    .map((entry) => entry.trim())
    .filter(Boolean);
  const read = entries.map((entry, i) => {
    const [, name = '', level = '', token = ''] = /^([\w.-]{1,64}):([a-z]+)=(\S+)$/.exec(entry) ?? [];
    check(
      name !== '' && isLevel(level),
      `Entry ${i + 1} of setting '${setting}' is not NAME:LEVEL=TOKEN, such as alice:work=TOKEN; ` +
        `NAME has 1 to 64 letters, digits, dots, dashes or underscores, and LEVEL is one of ${levels.join(', ')}`,
    );
    return { name, level, token };
  });
  return read;
}

function isLevel(word: string): word is Level {
  return (levels as readonly string[]).includes(word);
}
