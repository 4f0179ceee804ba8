/** Copies a data folder that no server uses: its rows, and the files that they need. */

import { constants } from 'node:fs';
import { copyFile, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, check } from '../../core/errors.js';
import { holdDatabase } from './check.js';
import { storageFailure } from './failure.js';
import { existingFolder, makeFile, makeFolder, pathsOf, syncFolder } from './folder.js';

/** What was copied beside the rows. */
export interface Backup {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Copies `dataDir` to `target`, durable when the promise resolves. The rows come last: a copy without them was not
 * finished, and no server takes it for a data folder.
 *
 * @param target a folder that does not exist or is empty
 * @throws AppError 'failed-precondition' if a server uses the folder, its database is damaged or a file is missing,
 * 'invalid-argument' if `target` has something in it
 */
export async function backUp(dataDir: string, target: string, signal?: AbortSignal): Promise<Backup> {
  const from = await existingFolder(dataDir);
  const to = pathsOf(target);
  const held = holdDatabase(from);
  try {
    if (held.faults.length > 0) {
      throw new AppError('failed-precondition', `The database '${from.database}' is damaged; see 'tengen store check'`);
    }
    await makeFolder(target);
    const there = await readdir(target);
    check(there.length === 0, () => `'${target}' has '${there[0]}' in it; a backup goes into a new or empty folder`);
    await makeFolder(to.blobs);
    const names = new Set(held.references.map(({ sha256 }) => sha256));
    let bytes = 0;
    for (const name of names) {
      signal?.throwIfAborted();
      bytes += await copyDurably(join(from.blobs, name), join(to.blobs, name));
    }
    await syncFolder(to.blobs);
    await makeFile(to.database);
    held.copyTo(to.database);
    await sync(to.database);
    await syncFolder(target);
    return { files: names.size, bytes };
  } catch (error) {
    throw storageFailure(error, target);
  } finally {
    held.close();
  }
}

/** @returns the bytes copied */
async function copyDurably(from: string, to: string): Promise<number> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new AppError('failed-precondition', `The file '${from}' is missing; 'tengen store check' names who needs it`);
  }
  return sync(to);
}

async function sync(path: string): Promise<number> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}
