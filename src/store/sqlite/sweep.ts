/** Removes from a data folder that no server uses the files that no row needs. */

import { AppError } from '../../core/errors.js';
import { Blobs, type BlobEntry } from './blobs.js';
import { holdDatabase } from './check.js';
import { compareFiles } from './file-table.js';
import { existingFolder } from './folder.js';

/** Files younger than this are kept, in milliseconds: whoever put them there may not be done. */
const KEPT_MS = 24 * 3600 * 1000;

/** What a sweep does, or did. */
export interface Sweep {
  /** Files without a row, and unfinished ones, that are old enough. */
  readonly old: readonly BlobEntry[];
  /** Those that are not. */
  readonly young: readonly BlobEntry[];
}

/**
 * Finds the files that no row needs, and removes the old ones if `approve` says so.
 *
 * @param nowMs milliseconds since 1970 UTC
 * @param approve is given what would be removed, before anything is
 * @throws AppError 'failed-precondition' if a server uses the folder, or if its database is damaged and so cannot say
 * what it needs
 */
export async function sweepFolder(dataDir: string, nowMs: number, approve: (sweep: Sweep) => boolean): Promise<Sweep> {
  const paths = await existingFolder(dataDir);
  const { faults, references, close } = holdDatabase(paths);
  try {
    if (faults.length > 0) {
      throw new AppError(
        'failed-precondition',
        `The database '${paths.database}' is damaged, so it cannot say which files it needs; nothing was removed. ` +
          `'tengen store check' says more`,
      );
    }
    const blobs = await Blobs.open(paths.blobs);
    const entries = await blobs.list();
    const unneeded = [
      ...compareFiles(entries, references).unreferenced,
      ...entries.filter(({ kind }) => kind === 'unfinished'),
    ];
    const isOld = ({ modifiedAtMs }: BlobEntry): boolean => nowMs - modifiedAtMs > KEPT_MS;
    const sweep = { old: unneeded.filter(isOld), young: unneeded.filter((entry) => !isOld(entry)) };
    if (approve(sweep)) for (const { name } of sweep.old) await blobs.delete(name);
    return sweep;
  } finally {
    close();
  }
}
