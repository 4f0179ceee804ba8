/** How a command is refused: the canonical texts of GTP 2, and the one map from the house's errors to a `?` reply. */

import { AppError } from '../../src/core/errors.js';

/** The error texts that the specification names. */
export const canonicalTexts = [
  'unknown command',
  'syntax error',
  'illegal move',
  'unacceptable size',
  'cannot undo',
  'cannot score',
  'invalid number of stones',
  'board not empty',
  'bad vertex list',
  'cannot load file',
] as const;

/** An error whose message is the whole text of the `?` reply. */
export function refusal(text: (typeof canonicalTexts)[number] | (string & {}), cause?: unknown): AppError {
  return new AppError('invalid-argument', text, { cause });
}

/** The one line that a `?` reply says for anything thrown by a command. */
export function refusalText(thrown: unknown): string {
  const error = AppError.from(thrown);
  const text = error.message.replace(/\s+/g, ' ').trim();
  switch (error.kind) {
    case 'unavailable':
      return `cannot reach the server: ${text}`;
    case 'unauthenticated':
    case 'permission-denied':
      return `the server refused the token: ${text}`;
    case 'deadline-exceeded':
      return `the server did not answer in time: ${text}`;
    case 'internal':
      return `internal error: ${text}`;
    default:
      return text;
  }
}
