/** SQLite's and the file system's failures in words that help. */

import { dirname, join } from 'node:path';
import { AppError, type ErrorKind } from '../../core/errors.js';

/** What failed, whatever said so. */
type Fault = 'full' | 'busy' | 'damaged' | 'read-only' | 'forbidden' | 'no-folder' | 'too-many-files' | 'disk';

/** SQLite's primary result codes. */
const faultOfResult = new Map<number, Fault>([
  [3, 'forbidden'],
  [5, 'busy'],
  [8, 'read-only'],
  [10, 'disk'],
  [11, 'damaged'],
  [13, 'full'],
  [14, 'forbidden'],
  [26, 'damaged'],
]);

/** SQLite's words: some calls of the binding throw them without the code. */
const faultOfWords: readonly (readonly [start: string, fault: Fault])[] = [
  ['database is locked', 'busy'],
  ['attempt to write a readonly database', 'read-only'],
  ['disk I/O error', 'disk'],
  ['database disk image is malformed', 'damaged'],
  ['malformed database schema', 'damaged'],
  ['malformed JSON', 'damaged'],
  ['database or disk is full', 'full'],
  ['unable to open database file', 'forbidden'],
  ['file is not a database', 'damaged'],
];

const faultOfSystem = new Map<unknown, Fault>([
  ['ENOSPC', 'full'],
  ['EDQUOT', 'full'],
  ['EROFS', 'read-only'],
  ['EACCES', 'forbidden'],
  ['EPERM', 'forbidden'],
  ['ENOTDIR', 'no-folder'],
  ['EEXIST', 'no-folder'],
  ['EMFILE', 'too-many-files'],
  ['ENFILE', 'too-many-files'],
  ['EIO', 'disk'],
]);

const kinds: Readonly<Record<Fault, ErrorKind>> = {
  full: 'resource-exhausted',
  busy: 'failed-precondition',
  damaged: 'failed-precondition',
  'read-only': 'unavailable',
  forbidden: 'unavailable',
  'no-folder': 'failed-precondition',
  'too-many-files': 'resource-exhausted',
  disk: 'unavailable',
};

function faultOf(thrown: unknown): Fault | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  // The rows hold JSON that this program wrote; if it cannot be read, the pages under it are not what was written.
  if (thrown instanceof SyntaxError) return 'damaged';
  const { code, sqliteCode, message } = thrown as { code?: unknown; sqliteCode?: unknown; message?: unknown };
  const known = typeof sqliteCode === 'number' ? faultOfResult.get(sqliteCode & 0xff) : faultOfSystem.get(code);
  return known ?? faultOfWords.find(([start]) => String(message).startsWith(start))?.[1];
}

/** What to do about a damaged database. */
function advice(path: string): string {
  const dataDir = dirname(path);
  return (
    `nothing was removed, and every model, checkpoint and data set is still in '${join(dataDir, 'blobs')}'. ` +
    `Stop the server; then either move '${path}' and '${path}-wal' away and put a backup in their place, or run ` +
    `'tengen store new --data-dir ${dataDir}', which starts anew and keeps all files (docs/data-folder.md)`
  );
}

/** Whether an error says that the database is damaged, whoever put it into words. */
export function isDamage(error: unknown): boolean {
  return faultOf(error instanceof AppError ? error.cause : error) === 'damaged';
}

/** Turns whatever a database or file operation threw into an AppError about `path`. */
export function storageFailure(thrown: unknown, path: string): AppError {
  if (thrown instanceof AppError) return thrown;
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  const fault = faultOf(thrown);
  const sentences: Readonly<Record<Fault, () => string>> = {
    full: () => `The disk that holds '${path}' is full; nothing was stored`,
    busy: () => `The data folder of '${path}' is in use by another server`,
    damaged: () => `The database '${path}' is damaged (${why}); ${advice(path)}`,
    'read-only': () =>
      `'${path}' cannot be written, it or its file system is read-only for this user; nothing was stored`,
    forbidden: () => `The user of this program may not use '${path}' (${why}); nothing was stored`,
    'no-folder': () => `'${path}' cannot be a folder: a file has that name, or a part of it (${why})`,
    'too-many-files': () => `'${path}' cannot be opened, too many files are open (${why}); nothing was stored`,
    disk: () => `The disk that holds '${path}' failed, or a limit or quota was reached (${why}); nothing was stored`,
  };
  const message = fault ? sentences[fault]() : `The storage at '${path}' failed: ${why}`;
  return new AppError(fault ? kinds[fault] : 'unavailable', message, { cause: thrown });
}
