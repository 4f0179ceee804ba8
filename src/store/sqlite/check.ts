/** Checks a data folder that no server uses: the database, its files, and whether they fit each other. */

import { Blobs, type BlobEntry } from './blobs.js';
import { Database } from './database.js';
import { isDamage, storageFailure } from './failure.js';
import { compareFiles, fileOperations, type FileComparison, type FileReference } from './file-table.js';
import { existingFolder, noDatabase, openToOthers, type FolderPaths } from './folder.js';

/** What is in a data folder, and what is wrong with it. */
export interface FolderReport extends FileComparison {
  /** What is wrong with the database, in words; empty if it is whole. */
  readonly database: readonly string[];
  /** Files of ours. */
  readonly files: number;
  /** Bytes in them. */
  readonly bytes: number;
  /** Files whose content does not fit their name. */
  readonly corrupt: readonly { readonly name: string; readonly sha256: string; readonly holders: readonly string[] }[];
  /** Files that were not finished; the next server that starts removes them. */
  readonly unfinished: readonly BlobEntry[];
  /** Paths that other users of this machine may read or change. */
  readonly open: readonly string[];
}

/** Whether something is wrong: with the database, or a file that is missing or damaged. */
export function isSound({ database, orphans, corrupt }: FolderReport): boolean {
  return database.length + orphans.length + corrupt.length === 0;
}

/**
 * Reads everything and changes nothing, except that SQLite takes its log into the database.
 *
 * @param signal ends the reading
 * @throws AppError 'not-found' if there is no such folder, 'failed-precondition' if a server uses it or it is not ours
 */
export async function checkFolder(dataDir: string, signal?: AbortSignal): Promise<FolderReport> {
  const paths = await existingFolder(dataDir);
  const open = await openToOthers(paths);
  const { faults, references, close } = holdDatabase(paths);
  try {
    const blobs = await Blobs.open(paths.blobs);
    const entries = await blobs.list();
    const whole = entries.filter(({ kind }) => kind === 'whole');
    const corrupt: { name: string; sha256: string; holders: string[] }[] = [];
    for (const { name } of whole) {
      signal?.throwIfAborted();
      const sha256 = await blobs.hash(name);
      const holders = references.filter((reference) => reference.sha256 === name).map(({ holder }) => holder);
      if (sha256 !== name) corrupt.push({ name, sha256, holders });
    }
    const comparison = compareFiles(entries, references);
    return {
      ...comparison,
      // With a database that cannot be read nobody knows which files are needed.
      unreferenced: faults.length > 0 ? [] : comparison.unreferenced,
      database: faults,
      files: whole.length,
      bytes: whole.reduce((sum, { bytes }) => sum + bytes, 0),
      corrupt,
      unfinished: entries.filter(({ kind }) => kind === 'unfinished'),
      open,
    };
  } finally {
    close();
  }
}

/** A database that is held by this process, so that no server starts meanwhile. */
export interface HeldDatabase {
  /** What is wrong with it; empty if it is whole. */
  readonly faults: readonly string[];
  /** What its rows need, as far as it can be read. */
  readonly references: readonly FileReference[];
  /** Whether it has no tables. */
  readonly isEmpty: boolean;
  /**
   * Writes a copy of all rows.
   *
   * @param path an empty file, or none
   */
  readonly copyTo: (path: string) => void;
  readonly close: () => void;
}

/**
 * @param isNew whether a database without tables is taken
 * @throws AppError 'failed-precondition' if a server uses the database or it is not ours; damage is among the faults
 */
export function holdDatabase(paths: FolderPaths, isNew = false): HeldDatabase {
  let db: Database | undefined;
  const close = (): void => db?.close();
  const copyTo = (path: string): void => db?.copyTo(path);
  try {
    db = new Database(paths.database, { isNew, refusal: noDatabase(paths).message, lookOnly: true });
    const isEmpty = db.tables().length === 0;
    const references = isEmpty ? [] : fileOperations(db).fileReferences();
    return { faults: db.faults(), references, isEmpty, copyTo, close };
  } catch (thrown) {
    const error = storageFailure(thrown, paths.database);
    if (isDamage(error)) return { faults: [error.message], references: [], isEmpty: false, copyTo, close };
    close();
    throw error;
  }
}
