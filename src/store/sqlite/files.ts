/** Files and the rows that need them: a file is there before its row, and goes only when no row needs it any more. */

import { AppError, type ErrorKind } from '../../core/errors.js';
import type { Blobs } from './blobs.js';
import type { StoreCalls } from './commit-queue.js';
import { digest } from './digest.js';

const surelyNotStored: ReadonlySet<ErrorKind> = new Set(['resource-exhausted', 'already-exists']);

/** What is needed of a folder of files named by their content. */
export type FileFolder = Pick<Blobs, 'put' | 'read' | 'remove'>;

export class Files {
  readonly #blobs: FileFolder;
  readonly #queue: Pick<StoreCalls, 'call'>;
  readonly #warn: (event: string, fields: Readonly<Record<string, unknown>>) => void;

  /** @param warn told of files that could not be removed */
  constructor(
    blobs: FileFolder,
    queue: Pick<StoreCalls, 'call'>,
    warn: (event: string, fields: Readonly<Record<string, unknown>>) => void,
  ) {
    this.#blobs = blobs;
    this.#queue = queue;
    this.#warn = warn;
  }

  /**
   * Stores a file and then the row that `putRow` stores; when the row is refused or there is no room for it, neither is.
   *
   * @param putRow is given the file's sha256
   */
  async put<T>(bytes: Uint8Array, putRow: (sha256: string) => Promise<T>): Promise<T> {
    try {
      return await this.#blobs.put(bytes, putRow);
    } catch (error) {
      // After a failure of the disk it is not known whether the row is there, so the file stays.
      if (surelyNotStored.has(AppError.from(error).kind)) await this.drop(await digest(bytes));
      throw error;
    }
  }

  /** @throws AppError 'internal' if the file is missing or damaged */
  read(sha256: string): Promise<Uint8Array> {
    return this.#blobs.read(sha256);
  }

  /** Removes a file unless a row needs it; one that cannot be removed is kept and told of. */
  async drop(sha256: string): Promise<void> {
    try {
      await this.#blobs.remove(sha256, () => this.#queue.call('isFileNeeded', sha256));
    } catch (err) {
      this.#warn('file-not-removed', { err, sha256 });
    }
  }
}
