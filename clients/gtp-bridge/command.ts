/**
 * One line of GTP input → one command. Source: "GTP protocol version 2, draft 2" (G. Farnebäck), sections 2.4–2.5 and 3.1.
 */

/** A command as it was sent. */
export interface Command {
  /** The digits of the optional id, echoed in the reply. */
  readonly id: string;
  /** The command's name; empty if the line held an id and nothing else. */
  readonly name: string;
  readonly args: readonly string[];
}

/** Control characters other than LF and HT, which the specification tells an engine to drop. */
const controlCharacters = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** Drops control characters, turns tabs into spaces and removes a comment (section 3.1). */
export function preprocess(line: string): string {
  return line.replace(controlCharacters, '').replaceAll('\t', ' ').replace(/#.*$/s, '').trim();
}

/** Reads one line; undefined if nothing is left of it after preprocessing, in which case no reply is due. */
export function parseCommand(line: string): Command | undefined {
  const words = preprocess(line).split(' ').filter(Boolean);
  const [first] = words;
  if (first === undefined) return undefined;
  const hasId = /^\d+$/.test(first);
  const [name = '', ...args] = hasId ? words.slice(1) : words;
  return { id: hasId ? first : '', name, args };
}
