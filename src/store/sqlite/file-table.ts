/** Which rows need which files. Every table with a column `sha256` of files is named here, and only here. */

import { AppError } from '../../core/errors.js';
import type { BlobEntry } from './blobs.js';
import type { Database } from './database.js';

const holders: readonly { readonly table: string; readonly holder: string }[] = [
  { table: 'models', holder: `'model ' || name || '@' || version` },
  { table: 'checkpoints', holder: `'checkpoint of ' || job_id` },
  { table: 'datasets', holder: `'data set ' || name || '@' || version` },
];

/** A row that needs a file. */
export interface FileReference {
  readonly sha256: string;
  /** The row in words, such as 'checkpoint of sft-3'. */
  readonly holder: string;
}

/** The operations on references to files; each runs inside a transaction of its caller. */
export function fileOperations(db: Database) {
  // A database that is looked at, not served, may be older than some of the tables.
  const there = holders.filter(({ table }) => db.tables().includes(table));
  const references = db.prepare<FileReference>(
    there.map(({ table, holder }) => `SELECT sha256, ${holder} AS holder FROM ${table}`).join(' UNION ALL '),
  );
  const needed = db.prepare<{ needed: number }>(
    `SELECT ${there.map(({ table }) => `EXISTS (SELECT 1 FROM ${table} WHERE sha256 = ?1)`).join(' OR ')} AS needed`,
  );
  return {
    fileReferences: (): FileReference[] => references.all(),
    isFileNeeded: (sha256: string): boolean => needed.get(sha256)!.needed === 1,
  };
}

/**
 * A version is named by the first digits of its file's sha256, which somebody may make equal for two files.
 *
 * @param what the version that is to be stored, in words
 * @param there sha256 of the file that has this name already
 * @throws AppError 'already-exists' if that is another file than `sha256`
 */
export function checkSameFile(what: string, there: string | undefined, sha256: string): void {
  if (there === undefined || there === sha256) return;
  throw new AppError(
    'already-exists',
    `The ${what} is another file: its sha256 is ${there}, that of the new one ${sha256}; store it under another name`,
  );
}

/** Files and rows that do not fit each other. */
export interface FileComparison {
  /** Files of ours that no row needs. */
  readonly unreferenced: readonly BlobEntry[];
  /** Files that are missing, each with the rows that need it. */
  readonly orphans: readonly { readonly sha256: string; readonly holders: readonly string[] }[];
  /** Names of files that are not ours. */
  readonly foreign: readonly string[];
}

/** Compares the files that there are with the rows that need some. */
export function compareFiles(entries: readonly BlobEntry[], references: readonly FileReference[]): FileComparison {
  const holdersOf = new Map<string, string[]>();
  for (const { sha256, holder } of references) {
    const holders = holdersOf.get(sha256);
    if (holders) holders.push(holder);
    else holdersOf.set(sha256, [holder]);
  }
  const whole = entries.filter(({ kind }) => kind === 'whole');
  const present = new Set(whole.map(({ name }) => name));
  return {
    unreferenced: whole.filter(({ name }) => !holdersOf.has(name)),
    orphans: [...holdersOf]
      .filter(([sha256]) => !present.has(sha256))
      .map(([sha256, needing]) => ({ sha256, holders: needing })),
    foreign: entries.filter(({ kind }) => kind === 'foreign').map(({ name }) => name),
  };
}
