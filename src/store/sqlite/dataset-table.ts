/** Data sets in SQLite. */

import { partsOfRef, refOf } from '../../core/refs.js';
import type { DatasetRow, NewDataset } from '../store.js';
import type { Database } from './database.js';
import { checkSameFile } from './file-table.js';

interface SqlDataset {
  name: string;
  version: string;
  sha256: string;
  size_bytes: number;
  samples: number;
  malformed: number;
  created_at_ms: number;
}

function fromSql({ size_bytes: sizeBytes, created_at_ms: createdAtMs, ...row }: SqlDataset): DatasetRow {
  const { name, version, sha256, samples, malformed } = row;
  return { name, version, sha256, samples, malformed, sizeBytes, createdAtMs };
}

/** The operations on data sets; each runs inside a transaction of its caller. */
export function datasetOperations(db: Database) {
  // A version that is imported again becomes the newest, under a new id.
  const insert = db.prepare(
    `INSERT OR REPLACE INTO datasets (name, version, sha256, size_bytes, samples, malformed, created_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const byVersion = db.prepare<SqlDataset>('SELECT * FROM datasets WHERE name = ? AND version = ?');
  const newest = db.prepare<SqlDataset>('SELECT * FROM datasets WHERE name = ? ORDER BY id DESC LIMIT 1');
  const all = db.prepare<SqlDataset>('SELECT * FROM datasets ORDER BY id DESC');
  const find = (ref: string): DatasetRow | undefined => {
    const { name, version } = partsOfRef(ref);
    const row = version === '' ? newest.get(name) : byVersion.get(name, version);
    return row && fromSql(row);
  };
  return {
    putDataset({ name, samples, malformed }: NewDataset, sha256: string, sizeBytes: number, nowMs: number): DatasetRow {
      const version = sha256.slice(0, 12);
      checkSameFile(`data set '${refOf({ name, version })}'`, byVersion.get(name, version)?.sha256, sha256);
      insert.run(name, version, sha256, sizeBytes, samples, malformed, nowMs);
      return find(refOf({ name, version }))!;
    },
    getDataset: find,
    listDatasets: (): DatasetRow[] => all.all().map(fromSql),
  };
}
