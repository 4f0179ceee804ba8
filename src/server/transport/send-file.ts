/** The one way out for files. */

/** Bytes of a chunk; memory for larger ones is new for each, which takes the time of all that is done with it. */
const SENT_CHUNK = 128 * 1024;

/** The chunks of a file, at least one; what goes out is a Buffer. */
export function* chunksOf(file: Uint8Array): Generator<Buffer> {
  for (let start = 0; start === 0 || start < file.length; start += SENT_CHUNK) {
    yield Buffer.from(file.buffer, file.byteOffset + start, Math.min(SENT_CHUNK, file.length - start));
  }
}
