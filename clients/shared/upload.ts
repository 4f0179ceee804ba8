/** Files on their way to the server: in chunks, the length with the first and the sha256 with the last of them. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { AppError, check } from '../../src/core/errors.js';

const chunkBytes = 512 * 1024;

/** What every message of an upload says, beside what is particular to one service. */
export interface UploadPart {
  readonly chunk: Uint8Array;
  /** Of the whole file, in the first part; 0 in the others. */
  readonly sizeBytes: number;
  /** Of the whole file, hexadecimal, in the last part; '' in the others. */
  readonly sha256: string;
}

/**
 * The parts of a file. What was read is what the sha256 is of, so that a file that changes meanwhile is refused.
 *
 * @throws AppError 'not-found' if there is no such file, 'invalid-argument' if it is no file or is empty
 */
export async function* partsOfFile(path: string): AsyncGenerator<UploadPart, void> {
  const found = await stat(path).catch((error: unknown) => {
    throw new AppError('not-found', `The file '${path}' cannot be read`, { cause: error });
  });
  check(found.isFile(), `'${path}' is not a file`);
  check(found.size > 0, `The file '${path}' is empty`);
  yield* parts(createReadStream(path, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>, found.size);
}

/** The parts of a file that is in memory. */
export function partsOfBytes(bytes: Uint8Array): AsyncGenerator<UploadPart, void> {
  const count = Math.ceil(bytes.length / chunkBytes);
  const chunks = Array.from({ length: count }, (_, i) => bytes.subarray(i * chunkBytes, (i + 1) * chunkBytes));
  return parts(chunks, bytes.length);
}

async function* parts(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  length: number,
): AsyncGenerator<UploadPart, void> {
  const hash = createHash('sha256');
  let sizeBytes = length;
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield { chunk, sizeBytes, sha256: '' };
    sizeBytes = 0;
  }
  yield { chunk: new Uint8Array(), sizeBytes, sha256: hash.digest('hex') };
}

/** The messages of an upload: the first one says `first`, the others what is left when `rest` is said instead. */
export async function* messagesOf<T extends object>(
  parts: AsyncIterable<UploadPart>,
  first: T,
  rest: T,
): AsyncGenerator<UploadPart & T, void> {
  let said = first;
  for await (const part of parts) {
    yield { ...part, ...said };
    said = rest;
  }
}
