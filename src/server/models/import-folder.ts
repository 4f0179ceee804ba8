/** The files that an admin may import by a path of the server's disk: those below one folder, after resolving links. */

import { lstat, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { AppError, check } from '../../core/errors.js';
import { quoted } from '../../core/quoted.js';

/** One folder, or none. */
export class ImportFolder {
  readonly #folder: string;

  /** @param folder '' for none: then nothing may be imported by its path */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Where a file really is.
   *
   * @param path absolute, or relative to the folder
   * @throws AppError 'failed-precondition' if there is no folder; 'permission-denied' for a path that leads elsewhere,
   *   whether or not there is something; 'not-found' if there is nothing in the folder
   */
  async resolve(path: string): Promise<string> {
    if (this.#folder === '') {
      throw new AppError(
        'failed-precondition',
        'Nothing is imported by its path here: start the server with --import-dir FOLDER and put the file there, or send ' +
          "the file with 'tengen models import'",
      );
    }
    const folder = await this.#realFolder();
    const wanted = resolve(this.#folder, path);
    const found = await realpath(wanted).catch(async (error: unknown) => {
      if (!isBelow(folder, (await nearestReal(wanted)) ?? '')) throw elsewhere(path);
      throw new AppError('not-found', `There is no file ${quoted(path)} below the server's import folder`, {
        cause: error,
      });
    });
    if (!isBelow(folder, found)) throw elsewhere(path);
    return found;
  }

  async #realFolder(): Promise<string> {
    try {
      return await realpath(this.#folder);
    } catch (error) {
      throw new AppError('failed-precondition', `The server's import folder '${this.#folder}' cannot be read`, {
        cause: error,
      });
    }
  }
}

/** The first folder above a path, or the path, that is there, links followed; undefined if a link on the way leads nowhere. */
async function nearestReal(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch {
    const isLink = await lstat(path).then(
      (found) => found.isSymbolicLink(),
      () => false,
    );
    return isLink || dirname(path) === path ? undefined : nearestReal(dirname(path));
  }
}

/**
 * Reads a file whole.
 *
 * @throws AppError 'invalid-argument' if it is no plain file, or larger than `maxBytes`; 'failed-precondition' if it cannot
 *   be read
 */
export async function readPlainFile(path: string, maxBytes: number): Promise<Buffer<ArrayBuffer>> {
  try {
    const file = await stat(path);
    // A device or a pipe has no size and may have no end.
    check(file.isFile(), () => `${quoted(path)} is not a file`);
    check(
      file.size <= maxBytes,
      () => `The file ${quoted(path)} has ${file.size} bytes; at most ${maxBytes} are taken`,
    );
    return await readFile(path);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('failed-precondition', `The file ${quoted(path)} cannot be read`, { cause: error });
  }
}

function isBelow(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function elsewhere(path: string): AppError {
  return new AppError(
    'permission-denied',
    `The path ${quoted(path)} leads out of the server's import folder (--import-dir), links followed`,
  );
}
