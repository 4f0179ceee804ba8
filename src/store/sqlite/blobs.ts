/** Large files, named by the sha256 of their content: written whole under another name, made durable, then renamed. */

import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../core/errors.js';
import { Turns } from '../../core/turns.js';
import { digest } from './digest.js';
import { storageFailure } from './failure.js';
import { fileMode, makeFolder, syncFolder } from './folder.js';

const wholeName = /^[0-9a-f]{64}$/;
const unfinishedName = /^[0-9a-f]{64}\.[0-9a-f]{8}\.part$/;

/** Something in the folder. */
export interface BlobEntry {
  readonly name: string;
  /** A file of ours, one of ours that was not finished, or something that we did not write. */
  readonly kind: 'whole' | 'unfinished' | 'foreign';
  readonly bytes: number;
  /** Milliseconds since 1970 UTC. */
  readonly modifiedAtMs: number;
}

/** A folder of files named by their content. */
export class Blobs {
  readonly #folder: string;
  readonly #turns = new Turns();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens the folder, making it if need be. */
  static async open(folder: string): Promise<Blobs> {
    await makeFolder(folder);
    return new Blobs(folder);
  }

  /**
   * Stores a file, and then what `putRow` stores about it; the file is durable before `putRow` is called, and is not
   * removed before `putRow` has ended.
   *
   * @param putRow is given the file's sha256
   * @returns what `putRow` returned
   */
  async put<T>(bytes: Uint8Array, putRow: (sha256: string) => Promise<T>): Promise<T> {
    const sha256 = await digest(bytes);
    return this.#turns.take(sha256, async () => {
      await this.#write(sha256, bytes);
      return putRow(sha256);
    });
  }

  /** @throws AppError 'internal' if the file is missing or its content is not what its name says */
  async read(sha256: string): Promise<Uint8Array> {
    const path = join(this.#folder, sha256);
    let bytes: Buffer;
    try {
      bytes = await readFile(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw storageFailure(error, path);
      throw new AppError('internal', `The file '${path}' is missing; put it back from a backup`, { cause: error });
    }
    const seen = await digest(bytes);
    if (seen !== sha256) {
      throw new AppError(
        'internal',
        `The file '${path}' is damaged, its content has sha256 ${seen}; put it back from a backup`,
      );
    }
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** sha256 of what a file holds now, read in pieces. */
  async hash(name: string): Promise<string> {
    const path = join(this.#folder, name);
    const hash = createHash('sha256');
    try {
      for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
    } catch (error) {
      throw storageFailure(error, path);
    }
    return hash.digest('hex');
  }

  /** Removes a file unless it is needed. `isNeeded` is asked when no `put` of the same bytes is under way. */
  remove(sha256: string, isNeeded: () => Promise<boolean>): Promise<void> {
    return this.#turns.take(sha256, async () => {
      if (!(await isNeeded())) await this.delete(sha256);
    });
  }

  /** Removes an entry that `list` gave; nobody may store the same bytes meanwhile. */
  async delete(name: string): Promise<void> {
    const path = join(this.#folder, name);
    try {
      await rm(path, { force: true });
    } catch (error) {
      throw storageFailure(error, path);
    }
  }

  /** Everything in the folder. */
  async list(): Promise<BlobEntry[]> {
    try {
      const entries: BlobEntry[] = [];
      for (const name of await readdir(this.#folder)) {
        // A link that leads nowhere has no stats.
        const stats = await stat(join(this.#folder, name)).catch(() => undefined);
        const known = wholeName.test(name) ? 'whole' : unfinishedName.test(name) ? 'unfinished' : 'foreign';
        const kind = stats?.isFile() ? known : 'foreign';
        entries.push({ name, kind, bytes: stats?.size ?? 0, modifiedAtMs: Math.floor(stats?.mtimeMs ?? 0) });
      }
      return entries;
    } catch (error) {
      throw storageFailure(error, this.#folder);
    }
  }

  async #write(sha256: string, bytes: Uint8Array): Promise<void> {
    const part = join(this.#folder, `${sha256}.${randomBytes(4).toString('hex')}.part`);
    try {
      const file = await open(part, 'wx', fileMode);
      try {
        await file.chmod(fileMode);
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(part, join(this.#folder, sha256));
      // The new name is durable only once the folder is.
      await syncFolder(this.#folder);
    } catch (error) {
      await rm(part, { force: true }).catch(() => undefined);
      throw storageFailure(error, this.#folder);
    }
  }
}
