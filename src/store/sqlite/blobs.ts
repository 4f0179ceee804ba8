/** Large files, named by the sha256 of their content: written whole under another name, made durable, then renamed. */

import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../core/errors.js';
import { storageFailure } from './failure.js';

const temporary = '.part';

/** sha256 in hexadecimal. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A folder of files named by their content. */
export class Blobs {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens the folder, making it if need be. */
  static async open(folder: string): Promise<Blobs> {
    try {
      await mkdir(folder, { recursive: true });
    } catch (error) {
      throw storageFailure(error, folder);
    }
    return new Blobs(folder);
  }

  /** Stores a file; durable when the promise resolves. Storing it again costs nothing. @returns its sha256 */
  async put(bytes: Uint8Array): Promise<string> {
    const sha256 = sha256Of(bytes);
    const part = join(this.#folder, `${sha256}.${randomBytes(4).toString('hex')}${temporary}`);
    try {
      const file = await open(part, 'wx');
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(part, join(this.#folder, sha256));
      // The new name is durable only once the folder is.
      const folder = await open(this.#folder, 'r');
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    } catch (error) {
      await rm(part, { force: true });
      throw storageFailure(error, this.#folder);
    }
    return sha256;
  }

  /** @throws AppError 'internal' if the file is missing or its content is not what its name says */
  async read(sha256: string): Promise<Uint8Array> {
    const path = join(this.#folder, sha256);
    let bytes: Buffer;
    try {
      bytes = await readFile(path);
    } catch (error) {
      throw new AppError('internal', `The file '${path}' cannot be read`, { cause: error });
    }
    const seen = sha256Of(bytes);
    if (seen !== sha256) {
      throw new AppError('internal', `The file '${path}' is damaged: its content has sha256 ${seen}`);
    }
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Removes one file, if it is there. */
  async remove(sha256: string): Promise<void> {
    await rm(join(this.#folder, sha256), { force: true });
  }

  /** Removes what a crash left behind: unfinished files and files that no row speaks of. Only before the first `put`. */
  async sweep(referenced: ReadonlySet<string>): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      if (!referenced.has(name)) await rm(join(this.#folder, name), { force: true });
    }
  }
}
