/** The data folder: what in it is ours, who may look into it, and when it is refused. */

import { chmod, mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AppError } from '../../core/errors.js';
import { storageFailure } from './failure.js';

const folderMode = 0o700;
/** Mode of every file in the data folder: its owner alone reads and writes. */
export const fileMode = 0o600;

/** Names in a data folder. */
export interface FolderPaths {
  readonly dataDir: string;
  readonly database: string;
  readonly blobs: string;
}

/** Where things are in a data folder. */
export function pathsOf(dataDir: string): FolderPaths {
  return { dataDir, database: join(dataDir, 'tengen.db'), blobs: join(dataDir, 'blobs') };
}

/** Makes names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Makes a folder and those above it, durable and for their owner alone, whatever the umask; an existing one stays as it is. */
export async function makeFolder(path: string): Promise<void> {
  try {
    const first = await mkdir(path, { recursive: true, mode: folderMode });
    if (first === undefined) return;
    await chmod(path, folderMode);
    for (let at = resolve(path); at !== dirname(resolve(first)); at = dirname(at)) await syncFolder(dirname(at));
  } catch (error) {
    throw storageFailure(error, path);
  }
}

/** Makes an empty file, durable and for its owner alone, whatever the umask, unless it exists. SQLite gives its log the same mode. */
export async function makeFile(path: string): Promise<void> {
  try {
    const file = await open(path, 'wx', fileMode);
    try {
      await file.chmod(fileMode);
    } finally {
      await file.close();
    }
    await syncFolder(dirname(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw storageFailure(error, path);
  }
}

/** Why a folder with files and no database is not served, and what to do. */
export function noDatabase({ dataDir, database, blobs }: FolderPaths): AppError {
  return new AppError(
    'failed-precondition',
    `The folder '${dataDir}' has files in '${blobs}' or the log of a database, but no database: '${database}' is ` +
      `missing or empty. Nothing was touched. Either put '${database}' back from a backup, or name another folder with ` +
      `--data-dir. ('tengen store new --data-dir ${dataDir}' makes a new database in this folder and keeps all its files.)`,
  );
}

/** What a data folder is before it is opened. */
export interface FolderState {
  /** Whether there are files in `blobs/`, or a log without its database. */
  readonly hasFiles: boolean;
  /** Whether there is a database that is not empty. */
  readonly hasDatabase: boolean;
}

/** Looks at a data folder and touches nothing; one that does not exist has nothing. */
export async function stateOf({ database, blobs }: FolderPaths): Promise<FolderState> {
  const hasDatabase = (await sizeOf(database)) > 0;
  const hasLog = (await sizeOf(`${database}-wal`)) > 0;
  return { hasDatabase, hasFiles: (await namesIn(blobs)).length > 0 || (!hasDatabase && hasLog) };
}

/**
 * Where things are in a folder that has a database.
 *
 * @throws AppError 'not-found' if there is none, 'failed-precondition' if there are files without one
 */
export async function existingFolder(dataDir: string): Promise<FolderPaths> {
  const paths = pathsOf(dataDir);
  const { hasDatabase, hasFiles } = await stateOf(paths);
  if (hasFiles && !hasDatabase) throw noDatabase(paths);
  if (!hasDatabase) throw new AppError('not-found', `There is no database '${paths.database}'`);
  return paths;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw storageFailure(error, path);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw storageFailure(error, folder);
  }
}

/** Paths of a data folder, itself among them, that users other than the owner may read, write or enter. */
export async function openToOthers({ dataDir, database, blobs }: FolderPaths): Promise<string[]> {
  if (process.platform === 'win32') return [];
  const files = (await namesIn(blobs)).map((name) => join(blobs, name));
  const paths = [dataDir, database, `${database}-wal`, `${database}-journal`, blobs, ...files];
  const modes = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)));
  return paths.filter((_, i) => ((modes[i]?.mode ?? 0) & 0o077) !== 0);
}
