/** Begins anew in a data folder whose database is damaged or gone: a new database, and every file kept. */

import { rename } from 'node:fs/promises';
import { AppError } from '../../core/errors.js';
import { holdDatabase } from './check.js';
import { Database } from './database.js';
import { storageFailure } from './failure.js';
import { makeFile, makeFolder, pathsOf, stateOf, syncFolder } from './folder.js';

/** SQLite's files: the database and what it writes beside it; they stay together under a new name. */
const parts = ['', '-wal', '-shm', '-journal'];

/**
 * Moves what there is of a database aside, under a name with the time, and makes a new one.
 *
 * @param nowMs milliseconds since 1970 UTC
 * @returns where the files of the database are now
 * @throws AppError 'already-exists' if the database is whole, 'failed-precondition' if a server uses it or it is another
 * program's
 */
export async function beginAnew(dataDir: string, nowMs: number): Promise<string[]> {
  const paths = pathsOf(dataDir);
  const { database } = paths;
  if ((await stateOf(paths)).hasDatabase) {
    const { faults, isEmpty, close } = holdDatabase(paths, true);
    close();
    if (faults.length === 0 && !isEmpty) {
      throw new AppError(
        'already-exists',
        `The database '${database}' is whole, so nothing was changed; to begin anew, name another folder with --data-dir`,
      );
    }
  }
  await makeFolder(dataDir);
  await makeFolder(paths.blobs);
  const time = new Date(nowMs).toISOString().slice(0, 19).replace(/[:T]/g, '-');
  const aside: string[] = [];
  try {
    for (const part of parts) {
      const name = `${database}.${time}${part}`;
      if (await moved(`${database}${part}`, name)) aside.push(name);
    }
    await makeFile(database);
    new Database(database, { isNew: true }).close();
    await syncFolder(dataDir);
  } catch (error) {
    throw storageFailure(error, database);
  }
  return aside;
}

async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
