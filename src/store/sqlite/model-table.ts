/** Models and promotions in SQLite. */

import { partsOfRef, refOf } from '../../core/refs.js';
import type { ModelRow, NewModel, Precision } from '../store.js';
import type { Database } from './database.js';
import { checkSameFile } from './file-table.js';

interface SqlModel {
  name: string;
  version: string;
  sha256: string;
  size_bytes: number;
  size: number;
  parameter_count: number;
  architecture_json: string;
  step: number;
  rating: number | null;
  created_at_ms: number;
  promoted: number;
  precision: Precision;
  quantization_json: string;
}

const columns = `m.name, m.version, sha256, size_bytes, size, parameter_count, architecture_json, step, rating,
  created_at_ms, (p.version IS m.version) AS promoted, p.precision, quantization_json FROM models m LEFT JOIN promotions p ON p.name = m.name`;

function fromSql(row: SqlModel): ModelRow {
  return {
    name: row.name,
    version: row.version,
    sha256: row.sha256,
    sizeBytes: row.size_bytes,
    size: row.size,
    parameterCount: row.parameter_count,
    architectureJson: row.architecture_json,
    step: row.step,
    createdAtMs: row.created_at_ms,
    promoted: row.promoted === 1,
    precision: row.precision,
    quantizationJson: row.quantization_json,
    ...(row.rating === null ? {} : { rating: row.rating }),
  };
}

/** The operations on models; each runs inside a transaction of its caller. */
export function modelOperations(db: Database) {
  const insert = db.prepare(
    `INSERT INTO models (name, version, sha256, size_bytes, size, parameter_count, architecture_json, step, created_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name, version) DO NOTHING`,
  );
  const firstPromotion = db.prepare(
    `INSERT INTO promotions (name, version, default_rank)
     VALUES (?, ?, (SELECT count(*) = 0 FROM promotions)) ON CONFLICT (name) DO NOTHING`,
  );
  const promote = db.prepare('UPDATE promotions SET version = ? WHERE name = ?');
  const makeDefault = db.prepare(
    'UPDATE promotions SET default_rank = (SELECT max(default_rank) + 1 FROM promotions) WHERE name = ?',
  );
  const byVersion = db.prepare<SqlModel>(`SELECT ${columns} WHERE m.name = ? AND m.version = ?`);
  const byName = db.prepare<SqlModel>(`SELECT ${columns} WHERE m.name = ? AND p.version = m.version`);
  const byDefault = db.prepare<SqlModel>(
    `SELECT ${columns} WHERE p.version = m.version ORDER BY p.default_rank DESC LIMIT 1`,
  );
  const all = db.prepare<SqlModel>(`SELECT ${columns} ORDER BY m.id DESC`);
  const allOf = db.prepare<SqlModel>(`SELECT ${columns} WHERE m.name = ? ORDER BY m.id DESC`);
  const rate = db.prepare('UPDATE models SET rating = ? WHERE name = ? AND version = ?');

  const find = (ref: string): ModelRow | undefined => {
    const at = ref.indexOf('@');
    // All that follows the first @ is the version, so that a second @ names none.
    const row =
      at >= 0 ? byVersion.get(ref.slice(0, at), ref.slice(at + 1)) : ref === '' ? byDefault.get() : byName.get(ref);
    return row && fromSql(row);
  };
  return {
    putModel(model: NewModel, sha256: string, sizeBytes: number, nowMs: number): ModelRow {
      const version = sha256.slice(0, 12);
      const { name, size, parameterCount, architectureJson, step } = model;
      checkSameFile(`model '${refOf({ name, version })}'`, byVersion.get(name, version)?.sha256, sha256);
      insert.run(name, version, sha256, sizeBytes, size, parameterCount, architectureJson, step, nowMs);
      firstPromotion.run(name, version);
      return find(refOf({ name, version }))!;
    },
    getModel: find,
    listModels: (name?: string): ModelRow[] => (name === undefined ? all.all() : allOf.all(name)).map(fromSql),
    /** @returns undefined if there is no such version */
    promoteModel(ref: string, asDefault: boolean): ModelRow | undefined {
      const found = find(ref);
      if (!found) return undefined;
      promote.run(found.version, found.name);
      if (asDefault) makeDefault.run(found.name);
      return { ...found, promoted: true };
    },
    rateModels(ratings: readonly { readonly ref: string; readonly rating: number }[]): void {
      for (const { ref, rating } of ratings) {
        const { name, version } = partsOfRef(ref);
        rate.run(rating, name, version);
      }
    },
  };
}

/** The operations on how models are served; each runs inside a transaction of its caller. */
export function servingOperations(db: Database) {
  const setPrecision = db.prepare('UPDATE promotions SET precision = ? WHERE name = ?');
  const setQuantization = db.prepare('UPDATE models SET quantization_json = ? WHERE name = ? AND version = ?');
  return {
    setModelPrecision: (name: string, precision: Precision): void => void setPrecision.run(precision, name),
    setModelQuantization(ref: string, json: string): void {
      const { name, version } = partsOfRef(ref);
      setQuantization.run(json, name, version);
    },
  };
}
