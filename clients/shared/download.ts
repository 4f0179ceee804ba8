/** Files on their way from the server: written whole, or not at all. */

import { createHash, randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { AppError } from '../../src/core/errors.js';

/** What every message of a download says. */
export interface DownloadPart {
  readonly chunk: Uint8Array;
  /** Of the whole file, in the first part. */
  readonly sizeBytes: number;
  /** Of the whole file, hexadecimal, in the first part. */
  readonly sha256: string;
}

/**
 * Writes what arrives beside `file`, and gives it that name once it is whole and on the disk.
 *
 * @throws AppError 'unavailable' if what arrived is not the whole file; errors of `parts` and of the disk as they are
 */
export async function saveDownload(parts: AsyncIterable<DownloadPart>, file: string): Promise<void> {
  const partial = `${file}.${randomBytes(4).toString('hex')}.partial`;
  const handle = await open(partial, 'wx');
  try {
    try {
      const hash = createHash('sha256');
      let length = 0;
      let first: DownloadPart | undefined;
      for await (const part of parts) {
        first ??= part;
        hash.update(part.chunk);
        length += part.chunk.length;
        await handle.writeFile(part.chunk);
      }
      // A server of an earlier version does not say the length.
      const promised = first?.sizeBytes || length;
      if (length !== promised) {
        throw new AppError('unavailable', `${length} bytes arrived of a file of ${promised}; try again`);
      }
      if (hash.digest('hex') !== first?.sha256) {
        throw new AppError(
          'unavailable',
          `The ${length} bytes that arrived have another sha256 than was said; try again`,
        );
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
}
