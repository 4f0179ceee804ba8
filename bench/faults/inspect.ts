/**
 * What a data folder holds, found by other code than the server's: rows by SQL, files by their sha256, games by their moves.
 * The folder of a server that is gone is left as it is: what is opened is a copy of the database.
 */

import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { refOf } from '../../src/core/refs.js';
import { Rng } from '../../src/core/rng.js';
import { GameRecord } from '../../src/proto/tengen/v1/self_play.js';

export interface Inspection {
  /** As in the ledger. */
  readonly values: ReadonlyMap<string, string>;
  /** Sentences, one for each thing. */
  readonly duplicates: readonly string[];
  /** Rows whose file is missing. */
  readonly orphans: readonly string[];
  readonly corrupt: readonly string[];
  /** Files without a row. */
  readonly unreferenced: readonly string[];
  /** Steps of the newest checkpoint of each job. */
  readonly checkpoints: ReadonlyMap<string, number>;
}

type Row = Record<string, unknown>;

/** Looks into a data folder whose server is gone. */
export function inspect(dataDir: string): Inspection {
  if (!existsSync(join(dataDir, 'tengen.db'))) return nothing();
  const copy = mkdtempSync(join(tmpdir(), 'tengen-inspect-'));
  try {
    for (const name of ['tengen.db', 'tengen.db-wal', 'tengen.db-journal']) {
      if (existsSync(join(dataDir, name))) copyFileSync(join(dataDir, name), join(copy, name));
    }
    return inspectDatabase(join(copy, 'tengen.db'), join(dataDir, 'blobs'));
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function nothing(corrupt: readonly string[] = []): Inspection {
  return { values: new Map(), duplicates: [], orphans: [], corrupt, unreferenced: [], checkpoints: new Map() };
}

type Query = (sql: string) => Row[];

function inspectDatabase(path: string, blobs: string): Inspection {
  const db = new DatabaseSync(path);
  try {
    const all: Query = (sql) => db.prepare(sql).all() as Row[];
    const checked = all('PRAGMA integrity_check').map((row) => String(Object.values(row)[0]));
    if (checked.join() !== 'ok') return nothing(checked);
    // A server that was killed at its very first start has made no tables.
    if (all("SELECT 1 FROM sqlite_schema WHERE name = 'datasets'").length === 0) return nothing();
    const values = new Map<string, string>();
    const [duplicates, orphans, corrupt]: [string[], string[], string[]] = [[], [], []];
    readGames(all, values, { duplicates, corrupt });
    readRows(all, values);
    const unreferenced = readFiles(blobs, wantedFiles(all), { orphans, corrupt });
    const steps = all('SELECT job_id, step FROM checkpoints');
    const checkpoints = new Map(steps.map((row) => [text(row, 'job_id'), Number(row['step'])]));
    return { values, duplicates, orphans, corrupt, unreferenced, checkpoints };
  } catch (error) {
    return nothing([`The database cannot be read: ${String(error)}`]);
  } finally {
    db.close();
  }
}

/** Every file that a row speaks of, and which row that is. */
function wantedFiles(all: Query): ReadonlyMap<string, string> {
  const rows = all(
    `SELECT sha256, 'model ' || name AS owner FROM models UNION SELECT sha256, 'data set ' || name FROM datasets
     UNION SELECT sha256, 'checkpoint of ' || job_id FROM checkpoints`,
  );
  return new Map(rows.map((row) => [text(row, 'sha256'), text(row, 'owner')]));
}

function text(row: Row, column: string): string {
  return String(row[column]);
}

function refOfRow(row: Row): string {
  return refOf({ name: text(row, 'name'), version: text(row, 'version') });
}

/** Each game once, whole, and the game of its number: two numbers may draw the same seed by chance. */
function readGames(
  all: Query,
  values: Map<string, string>,
  { duplicates, corrupt }: { duplicates: string[]; corrupt: string[] },
): void {
  const jobs = all('SELECT job_id, config_json FROM jobs');
  const seeds = new Map(jobs.map((row) => [text(row, 'job_id'), seedOf(text(row, 'config_json'))]));
  for (const row of all('SELECT game_id, job_id, kind, move_count, bytes FROM games')) {
    const gameId = text(row, 'game_id');
    const key = `game ${gameId}`;
    if (values.has(key)) duplicates.push(key);
    try {
      const { moves, seed, gameId: inside } = GameRecord.decode(row['bytes'] as Uint8Array);
      if (inside !== gameId || moves.length !== row['move_count']) corrupt.push(`${key} holds another game`);
      values.set(key, movesDigest(moves));
      const jobSeed = seeds.get(text(row, 'job_id'));
      if (row['kind'] === 'self-play' && jobSeed !== undefined && seed !== gameSeed(jobSeed, gameId))
        duplicates.push(`${key} has the seed of another game`);
    } catch (error) {
      corrupt.push(`${key}: ${String(error)}`);
    }
  }
}

/** The seed of an `alphazero` job; undefined for one of another kind, or that was never read whole. */
function seedOf(configJson: string): number | undefined {
  const { seed } = JSON.parse(configJson) as { readonly seed?: number };
  return seed;
}

/** The seed that the job draws for the game's number, the last part of its id. */
function gameSeed(jobSeed: number, gameId: string): bigint {
  const number = Number(gameId.slice(gameId.lastIndexOf('-') + 1));
  return BigInt(new Rng(jobSeed).fork(3 + number).uint32());
}

/** A game's moves in short. */
export function movesDigest(moves: readonly number[]): string {
  return createHash('sha256').update(moves.join()).digest('hex').slice(0, 16);
}

function readRows(all: Query, values: Map<string, string>): void {
  for (const row of all('SELECT name, version, sha256 FROM models')) {
    values.set(`model ${refOfRow(row)}`, text(row, 'sha256'));
  }
  for (const row of all('SELECT name, version, precision FROM promotions')) {
    values.set(`promoted ${text(row, 'name')}`, text(row, 'version'));
    values.set(`precision ${text(row, 'name')}`, text(row, 'precision'));
  }
  for (const row of all('SELECT name, version, sha256 FROM datasets ORDER BY id')) {
    values.set(`dataset ${refOfRow(row)}`, text(row, 'sha256'));
    values.set(`newest ${text(row, 'name')}`, text(row, 'version'));
  }
  for (const row of all('SELECT job_id, kind, state FROM jobs')) {
    values.set(`job ${text(row, 'job_id')}`, text(row, 'kind'));
    values.set(`state ${text(row, 'job_id')}`, text(row, 'state'));
  }
}

/** Every file that a row speaks of is there and is what its name says. @returns files that no row speaks of */
function readFiles(
  folder: string,
  wanted: ReadonlyMap<string, string>,
  { orphans, corrupt }: { orphans: string[]; corrupt: string[] },
): string[] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const there = new Set(names);
  for (const [sha256, owner] of wanted) {
    if (!there.has(sha256)) orphans.push(`The file ${sha256} of ${owner} is missing`);
    else if (sha256Of(readFileSync(join(folder, sha256))) !== sha256) corrupt.push(`The file ${sha256} is damaged`);
  }
  return names.filter((name) => /^[0-9a-f]{64}$/.test(name) && !wanted.has(name));
}

/** sha256 in hexadecimal. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
