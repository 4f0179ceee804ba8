/** Opens the database file: durable settings, the lock that keeps a second server out, and migrations. */

import { DatabaseSync } from '@photostructure/sqlite';
import { AppError } from '../../core/errors.js';
import { storageFailure } from './failure.js';
import { migrations } from './schema.js';

/** A value that SQLite stores. */
export type SqlValue = string | number | null | Uint8Array;

/** A prepared statement; the caller states the shape of the rows, which the schema fixes. */
export interface Statement<Row> {
  all(...values: SqlValue[]): Row[];
  get(...values: SqlValue[]): Row | undefined;
  /** @returns rows changed, and the id of the row inserted last */
  run(...values: SqlValue[]): { readonly changes: number; readonly lastInsertRowid: number };
}

/** An open database of this process alone. */
export class Database {
  readonly path: string;
  readonly #db: InstanceType<typeof DatabaseSync>;

  /** @throws AppError 'failed-precondition' if it is damaged, newer than this program, or open elsewhere */
  constructor(path: string) {
    this.path = path;
    try {
      this.#db = new DatabaseSync(path, { timeout: 200 });
    } catch (error) {
      throw storageFailure(error, path);
    }
    try {
      // In exclusive mode the first write takes a lock that is held until the process ends, however it ends.
      this.#db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
      this.#db.exec('BEGIN IMMEDIATE; COMMIT');
      this.#migrate();
    } catch (error) {
      this.#db.close();
      throw storageFailure(error, path);
    }
  }

  /** Compiles a statement. */
  prepare<Row>(sql: string): Statement<Row> {
    return this.#db.prepare(sql) as unknown as Statement<Row>;
  }

  /** Runs `body` in one durable transaction: all of it or nothing. */
  transaction<T>(body: () => T): T {
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      const result = body();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      // A full disk ends the transaction by itself.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw storageFailure(error, this.path);
    }
  }

  /** Lets go of the lock and closes. */
  close(): void {
    try {
      // The binding keeps a connection alive while statements of it are, so the lock is given up by name: leaving WAL
      // is the one way out of exclusive mode.
      this.#db.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; SELECT 1 FROM sqlite_schema');
    } catch {
      // A full disk may forbid it; the log is then read at the next start, and the lock ends with the process.
    }
    this.#db.close();
  }

  #migrate(): void {
    const row = this.prepare<{ user_version: number }>('PRAGMA user_version').get();
    const version = row?.user_version ?? 0;
    if (version > migrations.length) {
      throw new AppError(
        'failed-precondition',
        `The database '${this.path}' has schema ${version}, written by a newer version of this program; ` +
          `this one knows schemas up to ${migrations.length}`,
      );
    }
    for (let next = version; next < migrations.length; next++) {
      this.transaction(() => {
        this.#db.exec(`${migrations[next]!}; PRAGMA user_version = ${next + 1}`);
      });
    }
  }
}
