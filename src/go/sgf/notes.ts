/** What a reader of SGF says beside the game: where it passed something over, or had to guess. */

/** In a text, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One remark. */
export interface SgfNote extends Place {
  /** Property that is meant; empty where the form of the file is. */
  readonly property: string;
  readonly message: string;
}

/** Where an index of a text is. */
export function placeIn(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lastBreak = before.lastIndexOf('\n');
  return { line: before.split('\n').length, column: before.length - lastBreak };
}

/** A note as one line for people. */
export function formatNote({ line, column, property, message }: SgfNote): string {
  return `line ${line}, column ${column}${property && `, ${property}`}: ${message}`;
}
