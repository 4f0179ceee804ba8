/** SGF files as bytes: the property CA names the characters, which older files of the east rarely have in UTF-8. */

/** As far into a file its characters are named, in bytes. */
const HEAD = 4096;

/**
 * The text of a file in the characters that it names, or else in UTF-8, or in Latin-1 if it is not UTF-8.
 *
 * @returns `guessed`, the characters that were taken though the file names others or none
 */
export function decodeSgf(bytes: Uint8Array): { readonly text: string; readonly guessed?: string } {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, HEAD));
  const named = /\bCA\s*\[\s*([\w.:-]+)\s*\]/.exec(head)?.[1];
  const text = named === undefined ? undefined : decodeAs(named, bytes, false);
  if (text !== undefined) return { text };
  const utf8 = decodeAs('utf-8', bytes, true);
  if (utf8 !== undefined) return { text: utf8, ...(named !== undefined && { guessed: 'UTF-8' }) };
  return { text: decodeAs('latin1', bytes, false)!, guessed: 'Latin-1' };
}

function decodeAs(label: string, bytes: Uint8Array, fatal: boolean): string | undefined {
  try {
    return new TextDecoder(label, { fatal }).decode(bytes);
  } catch {
    // No such name, or bytes that are no such characters.
    return undefined;
  }
}
