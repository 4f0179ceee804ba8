/** Games and leases in SQLite. */

import type { GameCounts, GameRow, LeaseRow, NewGame, StoredGameRow } from '../store.js';
import type { Database } from './database.js';

interface SqlGame {
  sequence: number;
  game_id: string;
  job_id: string;
  model_version: string;
  kind: 'self-play' | 'match';
  size: number;
  position_count: number;
  move_count: number;
  score: number;
  bytes: Uint8Array;
  created_at_ms: number;
}

interface SqlLease {
  game_id: string;
  job_id: string;
  lease_id: string;
  worker: string;
  expires_at_ms: number;
  work_json: string;
}

function gameFromSql(row: SqlGame): GameRow {
  return {
    sequence: row.sequence,
    gameId: row.game_id,
    jobId: row.job_id,
    modelVersion: row.model_version,
    kind: row.kind,
    size: row.size,
    positionCount: row.position_count,
    moveCount: row.move_count,
    score: row.score,
    bytes: row.bytes,
    createdAtMs: row.created_at_ms,
  };
}

function leaseFromSql(row: SqlLease): LeaseRow {
  return {
    gameId: row.game_id,
    jobId: row.job_id,
    leaseId: row.lease_id,
    worker: row.worker,
    expiresAtMs: row.expires_at_ms,
    workJson: row.work_json,
  };
}

/** The operations on games and leases; each runs inside a transaction of its caller. */
export function gameOperations(db: Database) {
  const insert = db.prepare(
    `INSERT INTO games (game_id, job_id, model_version, kind, size, position_count, move_count, score, bytes, created_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (game_id) DO NOTHING`,
  );
  const sequenceOf = db.prepare<{ sequence: number }>('SELECT sequence FROM games WHERE game_id = ?');
  const after = db.prepare<SqlGame>('SELECT * FROM games WHERE job_id = ? AND sequence > ? ORDER BY sequence LIMIT ?');
  const counts = db.prepare<GameCounts>(
    `SELECT count(*) AS games, coalesce(sum(kind = 'match'), 0) AS matches, coalesce(sum(position_count), 0) AS positions,
     coalesce(sum(move_count), 0) AS moves FROM games WHERE job_id = ?`,
  );
  const putLease = db.prepare(
    // A lease may be given back while its game is on the way in; the game wins.
    `INSERT OR REPLACE INTO leases (game_id, job_id, lease_id, worker, expires_at_ms, work_json)
     SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM games WHERE game_id = ?1)`,
  );
  const removeLease = db.prepare('DELETE FROM leases WHERE game_id = ?');
  const leases = db.prepare<SqlLease>('SELECT * FROM leases');
  return {
    putGame(game: NewGame, nowMs: number): StoredGameRow {
      const { gameId, jobId, modelVersion, kind, size, positionCount, moveCount, score, bytes } = game;
      const { changes, lastInsertRowid } = insert.run(
        ...[gameId, jobId, modelVersion, kind, size, positionCount, moveCount, score, bytes, nowMs],
      );
      removeLease.run(gameId);
      if (changes > 0) return { sequence: lastInsertRowid, isNew: true };
      return { sequence: sequenceOf.get(gameId)!.sequence, isNew: false };
    },
    hasGame: (gameId: string): boolean => sequenceOf.get(gameId) !== undefined,
    gamesAfter: (jobId: string, sequence: number, limit: number): GameRow[] =>
      after.all(jobId, sequence, limit).map(gameFromSql),
    gameCounts: (jobId: string): GameCounts => ({ ...counts.get(jobId)! }),
    allLeases: (): LeaseRow[] => leases.all().map(leaseFromSql),
    putLeases(rows: readonly LeaseRow[]): void {
      for (const { gameId, jobId, leaseId, worker, expiresAtMs, workJson } of rows) {
        putLease.run(gameId, jobId, leaseId, worker, expiresAtMs, workJson);
      }
    },
    removeLeases(gameIds: readonly string[]): void {
      for (const gameId of gameIds) removeLease.run(gameId);
    },
  };
}
