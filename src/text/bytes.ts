/** The built-in vocabulary: a token for every byte of UTF-8, and one for every marker. Needs no file and no training. */

import { type Tokenizer, markers } from './tokenizer.js';

const BYTES = 256;
const markerNames: readonly string[] = Object.values(markers);

/** The byte-level tokenizer: ids 0 … 255 are bytes, 256 ends a text, 257 and 258 begin and end a message. */
export const byteTokenizer: Tokenizer = {
  vocabularySize: BYTES + markerNames.length,
  endOfText: BYTES + markerNames.indexOf(markers.endOfText),
  encode(text) {
    const bytes = new TextEncoder().encode(text);
    // To spread them, one by one by their iterator, takes many times as long.
    const ids = new Array<number>(bytes.length);
    for (let i = 0; i < bytes.length; i++) ids[i] = bytes[i]!;
    return ids;
  },
  decode: (ids) => new TextDecoder().decode(Uint8Array.from(ids.filter((id) => id >= 0 && id < BYTES))),
  encodeMarker(marker) {
    const index = markerNames.indexOf(marker);
    return index < 0 ? byteTokenizer.encode(marker) : [BYTES + index];
  },
};
