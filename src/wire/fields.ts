/** The fields of a message in their bytes, for those who read them without the generated code. */

/** A place in bytes; beyond their end there is nothing, which no reading takes for something. */
export interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

/** The number here; −1 if it has more than 28 bits or no end. */
export function varint(cursor: Cursor): number {
  const { bytes } = cursor;
  let byte = bytes[cursor.at++];
  if (byte !== undefined && byte < 0x80) return byte;
  let value = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    if (byte === undefined) return -1;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
    byte = bytes[cursor.at++];
  }
  return -1;
}

/**
 * Goes past the content of a field of a wire type.
 *
 * @returns where the content begins, behind its length if it has one; −1 if it ends beyond the bytes
 */
export function skip(cursor: Cursor, type: number): number {
  const { bytes } = cursor;
  const length = type === 2 ? varint(cursor) : type === 5 ? 4 : type === 1 ? 8 : type === 0 ? 0 : -1;
  const begin = cursor.at;
  if (type === 0) while (bytes[cursor.at++]! >= 0x80);
  else cursor.at += length;
  return length >= 0 && cursor.at <= bytes.length ? begin : -1;
}

/** The fields of a list, and the rest of a message. */
export interface SplitFields {
  /** Where the lengths of the list's entries are. */
  readonly starts: number[];
  /** The bytes of the other fields. */
  readonly rest: Uint8Array;
}

/** Takes the fields with `tag`, whose entries have lengths, out of a message; undefined if its fields are not whole. */
export function split(bytes: Uint8Array, tag: number): SplitFields | undefined {
  const cursor = { bytes, at: 0 };
  const starts: number[] = [];
  const others: number[] = [];
  while (cursor.at < bytes.length) {
    const from = cursor.at;
    const seen = varint(cursor);
    const start = cursor.at;
    // Fields count from 1.
    if (seen < 8 || skip(cursor, seen & 7) < 0) return undefined;
    if (seen === tag) starts.push(start);
    else for (let at = from; at < cursor.at; at++) others.push(bytes[at]!);
  }
  return { starts, rest: Uint8Array.from(others) };
}
