/** A file in memory that takes and gives less than it is asked for. */

import type { SpoolFile } from '../../src/server/transport/spool.js';

/** What a file is asked to do. */
export type FileWork = 'open' | 'write' | 'read' | 'close';

/**
 * Opens a new file.
 *
 * @param size bytes that it can hold
 * @param work called before anything is done; it may wait, or fail
 */
export async function memoryFile(size: number, work?: (what: FileWork) => Promise<void>): Promise<SpoolFile> {
  await work?.('open');
  const content = new Uint8Array(size);
  return {
    async write(from, at, count, position) {
      await work?.('write');
      const bytesWritten = Math.ceil(count / 2);
      content.set(from.subarray(at, at + bytesWritten), position);
      return { bytesWritten };
    },
    async read(into, at, count, position) {
      await work?.('read');
      const bytesRead = Math.ceil(count / 2);
      into.set(content.subarray(position, position + bytesRead), at);
      return { bytesRead };
    },
    async close() {
      await work?.('close');
    },
  };
}
