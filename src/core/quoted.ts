/** How a value from outside is shown in a sentence: in quotes, in one line, and not longer than a person reads. */

const MAX_SHOWN = 100;

/** `text` in single quotes; control characters and the like are escaped (a line end is `\n`), and a long text is cut. */
export function quoted(text: string): string {
  return `'${inOneLine(text)}'`;
}

/** The same without the quotes. */
export function inOneLine(text: string): string {
  return cut(text).replace(unfit, escaped);
}

/** A value as JSON has it, in one line and cut; 'missing' if there is none. */
export function shown(value: unknown): string {
  // JSON has no word for numbers that are none, and none for what is not there.
  const text = value === undefined ? 'missing' : typeof value === 'number' ? String(value) : written(value);
  return inOneLine(text);
}

/** A value as JSON. The writer of JSON goes down by recursion, and fails in the depths of what its reader has read. */
export function written(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return 'nested too deeply to be shown';
    throw error;
  }
}

/** A long text's beginning, and an ellipsis. */
export function cut(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** Whether a text has characters that would change how a line of a log or a terminal reads. */
export function hasControlCharacters(text: string): boolean {
  return text.search(unfit) >= 0;
}

/** Control characters, marks that turn the direction of writing, ends of lines and paragraphs, and halves of characters. */
const unfit = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
}
