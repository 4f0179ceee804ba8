/** SQLite's and the file system's failures in words that help. */

import { AppError } from '../../core/errors.js';

const FULL = 13;
const BUSY = 5;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/** Turns whatever a database or file operation threw into an AppError about `path`. */
export function storageFailure(thrown: unknown, path: string): AppError {
  if (thrown instanceof AppError) return thrown;
  const { code, sqliteCode, message } = thrown as { code?: unknown; sqliteCode?: unknown; message?: unknown };
  const options = { cause: thrown };
  const primary = typeof sqliteCode === 'number' ? sqliteCode & 0xff : -1;
  if (primary === FULL || code === 'ENOSPC' || code === 'EDQUOT') {
    return new AppError('resource-exhausted', `The disk that holds '${path}' is full; nothing was stored`, options);
  }
  if (primary === BUSY) {
    return new AppError('failed-precondition', `The data directory of '${path}' is in use by another server`, options);
  }
  if (primary === CORRUPT || primary === NOT_A_DATABASE) {
    return new AppError(
      'failed-precondition',
      `The database '${path}' is damaged (${String(message)}); restore it from a backup, or move it away to start anew`,
      options,
    );
  }
  return new AppError('unavailable', `The storage at '${path}' failed: ${String(message)}`, options);
}
