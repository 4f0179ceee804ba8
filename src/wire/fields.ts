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
