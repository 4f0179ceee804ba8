/** A file that exists only as long as it is open: what clients send waits there, not in memory. */

import { randomBytes } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { storageFailure } from '../../store/sqlite/failure.js';

export interface SpoolFile {
  write(from: Uint8Array, at: number, count: number, position: number): Promise<{ readonly bytesWritten: number }>;
  read(into: Uint8Array, at: number, count: number, position: number): Promise<{ readonly bytesRead: number }>;
  close(): Promise<void>;
}

/** Opens a new file in a folder; nothing may be left of it once it is closed. */
export type OpenSpoolFile = (folder: string) => Promise<SpoolFile>;

/** Bytes written one after another, and read back at once. */
export class Spool {
  readonly #folder: string;
  readonly #open: OpenSpoolFile;
  #file: SpoolFile | undefined;
  #length = 0;

  /** @param folder made when the first byte comes */
  constructor(folder: string, open: OpenSpoolFile = openWithoutName) {
    this.#folder = folder;
    this.#open = open;
  }

  /** @throws AppError 'resource-exhausted' if the disk is full, 'unavailable' if it fails */
  async append(bytes: Uint8Array): Promise<void> {
    try {
      this.#file ??= await this.#open(this.#folder);
      for (let at = 0; at < bytes.length;) {
        const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, this.#length);
        at += bytesWritten;
        this.#length += bytesWritten;
      }
    } catch (error) {
      throw storageFailure(error, this.#folder);
    }
  }

  /** Everything that was written. @throws AppError 'unavailable' if the disk fails */
  async read(): Promise<Uint8Array> {
    const bytes = Buffer.allocUnsafeSlow(this.#length);
    try {
      for (let at = 0; at < bytes.length;) {
        const { bytesRead } = await this.#file!.read(bytes, at, bytes.length - at, at);
        if (bytesRead === 0) throw new Error('a file became shorter while it was open');
        at += bytesRead;
      }
    } catch (error) {
      throw storageFailure(error, this.#folder);
    }
    return bytes;
  }

  /** Lets go of the file; nothing is left of it. */
  async close(): Promise<void> {
    await this.#file?.close();
  }
}

async function openWithoutName(folder: string): Promise<SpoolFile> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, randomBytes(8).toString('hex'));
  const file = await open(path, 'wx+', 0o600);
  // Without a name it cannot outlive the process, however that ends.
  await rm(path, { force: true });
  return file;
}
