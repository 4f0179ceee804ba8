/**
 * What an answer may not be. An answer is unclear if it has the status of a bug, or a sentence that nobody wrote for a
 * person: words of the language's own errors, of a broken invariant, or of values that the request did not have.
 */

import { Status } from 'nice-grpc-common';

/** What a case showed; `fine` is everything that a stranger may be told. */
export interface Finding {
  readonly verdict: 'crash' | 'hang' | 'unclear';
  /** What was asked of whom. */
  readonly what: string;
  /** What was seen. */
  readonly said: string;
}

const nobodyWrote: readonly RegExp[] = [
  /Broken invariant/,
  /\bundefined\b/,
  /\[object /,
  /Cannot (?:read|set) propert|Cannot (?:convert|mix|destructure|access)|Cannot delete/,
  /is not (?:a function|iterable|defined|a constructor|an object)\b/,
  /\b(?:Range|Type|Syntax|Reference|Assertion)Error\b/,
  /Invalid (?:typed )?array (?:buffer )?length|Array buffer allocation|Invalid string length|Invalid time value/,
  /Error deserializing|Maximum call stack|out of memory|\boffset is out of|Offset is outside|out of bounds/i,
  /toFixed\(|toString\(\) radix|Reduce of empty|convert.* to a BigInt|Unexpected token '?.?'? *$/,
  /The server failed|internal error|unknown error/i,
  /SQLITE|database is locked|constraint failed/i,
  /node:internal|\bat .*\.js:\d+/,
];

/** Why a sentence is unclear; undefined if it is not. `sent` is what was asked, as far as it can be quoted. */
export function unclearText(text: string, sent = ''): string | undefined {
  if (text.trim() === '') return 'an error without a message';
  const found = nobodyWrote.map((pattern) => pattern.exec(text)?.[0]).find((match) => match !== undefined);
  // What was asked may be quoted.
  if (found !== undefined && !sent.includes(found)) return `'${found}'`;
  if (/\bNaN\b/.test(text) && !/nan/i.test(sent)) return "'NaN', which was not sent";
  return undefined;
}

/** The first of some complaints that is unclear. */
export function unclearAmong(said: readonly string[], sent: string, what: string): Finding | undefined {
  for (const text of said) {
    const why = unclearText(text, sent);
    if (why !== undefined) return { verdict: 'unclear', what, said: `${why}: ${text}` };
  }
  return undefined;
}

const bugs: readonly number[] = [Status.INTERNAL, Status.UNKNOWN, Status.DATA_LOSS, Status.ABORTED];

/** Why the end of a call is unclear; undefined if it is not. */
export function unclearStatus(status: number | undefined, message: string, sent = ''): string | undefined {
  if (status === undefined) return 'the call ended without a status';
  if (status === (Status.OK as number)) return undefined;
  const name = Status[status];
  if (name === undefined) return `status ${status}, which is none`;
  return bugs.includes(status) ? `status ${name}` : unclearText(message, sent);
}
