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

export interface DatabaseOptions {
  /** Whether the tables may be made if there are none; otherwise such a database is refused with `refusal`. */
  readonly isNew: boolean;
  /** What to say of a database without tables that is not to be new. */
  readonly refusal?: string;
  /** Only look: an older schema stays as it is. */
  readonly lookOnly?: boolean;
}

/** An open database of this process alone. */
export class Database {
  readonly path: string;
  readonly #db: InstanceType<typeof DatabaseSync>;

  /** @throws AppError 'failed-precondition' if it is damaged, another program's or newer than this one, or open elsewhere */
  constructor(path: string, options: DatabaseOptions) {
    this.path = path;
    try {
      this.#db = new DatabaseSync(path, { timeout: 200 });
    } catch (error) {
      throw storageFailure(error, path);
    }
    try {
      // In exclusive mode the first write takes a lock that is held until the process ends, however it ends.
      this.#db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT');
      this.#checkOurs(options);
      if (options.lookOnly) return;
      this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
      this.#db.exec('BEGIN IMMEDIATE; COMMIT');
      this.#migrate();
    } catch (error) {
      // What was refused, another program's file perhaps, keeps its journal mode.
      this.#close('');
      throw storageFailure(error, path);
    }
  }

  tables(): readonly string[] {
    return this.prepare<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .all()
      .map(({ name }) => name);
  }

  /** What SQLite finds wrong when it reads every page, in its words; empty if nothing is. */
  faults(): readonly string[] {
    const rows = this.prepare<{ integrity_check: string }>('PRAGMA integrity_check(20)').all();
    return rows.map(({ integrity_check: words }) => words).filter((words) => words !== 'ok');
  }

  /** Writes a copy of everything to a file that is empty or does not exist. */
  copyTo(path: string): void {
    try {
      this.prepare('VACUUM INTO ?').run(path);
    } catch (error) {
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
      // A rollback that failed, on a disk that failed, is made up for.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      this.#db.exec('BEGIN IMMEDIATE');
      const result = body();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      // A full disk ends the transaction by itself.
      try {
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      } catch {
        // What ended the transaction is what counts.
      }
      throw storageFailure(error, this.path);
    }
  }

  /** Lets go of the lock and closes. */
  close(): void {
    this.#close('PRAGMA journal_mode = DELETE');
  }

  #close(before: string): void {
    try {
      // The binding keeps a connection alive while statements of it are, so the lock is given up by name: leaving WAL
      // is the one way out of exclusive mode.
      this.#db.exec(`${before}; PRAGMA locking_mode = NORMAL; SELECT 1 FROM sqlite_schema`);
    } catch {
      // A full disk may forbid it; the log is then read at the next start, and the lock ends with the process.
    }
    this.#db.close();
  }

  #version(): number {
    return this.prepare<{ user_version: number }>('PRAGMA user_version').get()?.user_version ?? 0;
  }

  /** Before the first change: a file that is not ours stays as it is. */
  #checkOurs({ isNew, refusal }: DatabaseOptions): void {
    const version = this.#version();
    const tables = this.tables();
    const refuse = (why: string): never => {
      throw new AppError('failed-precondition', why);
    };
    if (version > migrations.length && tables.includes('games')) {
      refuse(
        `The database '${this.path}' has schema ${version}, written by a newer version of this program; ` +
          `this one knows schemas up to ${migrations.length}`,
      );
    }
    if (version === 0 && tables.length === 0) {
      if (!isNew) refuse(refusal ?? `The database '${this.path}' is empty`);
    } else if (version === 0 || !tables.includes('games')) {
      refuse(`The database '${this.path}' was not written by this program; name another folder with --data-dir`);
    }
  }

  #migrate(): void {
    for (let next = this.#version(); next < migrations.length; next++) {
      this.transaction(() => {
        this.#db.exec(`${migrations[next]!}; PRAGMA user_version = ${next + 1}`);
      });
    }
  }
}
