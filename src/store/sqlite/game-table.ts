/** Games and game trees in SQLite. */

import type { GameCounts, GameRow, NewGame, StoredGameRow, TreeRow } from '../store.js';
import type { Database } from './database.js';

interface SqlGame {
  sequence: number;
  game_id: string;
  job_id: string;
  model_version: string;
  kind: 'self-play' | 'match';
  tree_id: string;
  variation: number;
  is_last: number;
  size: number;
  position_count: number;
  move_count: number;
  score: number;
  bytes: Uint8Array;
  created_at_ms: number;
}

interface SqlTree {
  tree_id: string;
  job_id: string;
  kind: 'self-play' | 'match';
  size: number;
  model_version: string;
  created_at_ms: number;
  sequence: number;
  games: number;
  positions: number;
  is_complete: number;
}

function gameFromSql(row: SqlGame): GameRow {
  return {
    sequence: row.sequence,
    gameId: row.game_id,
    jobId: row.job_id,
    modelVersion: row.model_version,
    kind: row.kind,
    treeId: row.tree_id,
    variation: row.variation,
    isLast: row.is_last === 1,
    size: row.size,
    positionCount: row.position_count,
    moveCount: row.move_count,
    score: row.score,
    bytes: row.bytes,
    createdAtMs: row.created_at_ms,
  };
}

function treeFromSql(row: SqlTree): TreeRow {
  return {
    treeId: row.tree_id,
    jobId: row.job_id,
    kind: row.kind,
    size: row.size,
    modelVersion: row.model_version,
    createdAtMs: row.created_at_ms,
    sequence: row.sequence,
    games: row.games,
    positions: row.positions,
    isComplete: row.is_complete === 1,
  };
}

/** The operations on games; each runs inside a transaction of its caller. */
export function gameOperations(db: Database) {
  const insert = db.prepare(
    `INSERT INTO games (game_id, job_id, model_version, kind, tree_id, variation, is_last, size, position_count, move_count,
     score, bytes, created_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (game_id) DO NOTHING`,
  );
  const sequenceOf = db.prepare<{ sequence: number }>('SELECT sequence FROM games WHERE game_id = ?');
  const after = db.prepare<SqlGame>('SELECT * FROM games WHERE job_id = ? AND sequence > ? ORDER BY sequence LIMIT ?');
  const tree = db.prepare<SqlGame>('SELECT * FROM games WHERE tree_id = ? ORDER BY variation');
  const trees = db.prepare<SqlTree>(
    `SELECT first.*, count(*) AS games, sum(position_count) AS positions, max(is_last) AS is_complete
     FROM (SELECT tree_id, job_id, kind, size, model_version, created_at_ms, sequence FROM games
           WHERE job_id = ? AND sequence < ? AND variation = 0 ORDER BY sequence DESC LIMIT ?) AS first
     JOIN games ON games.tree_id = first.tree_id GROUP BY first.sequence ORDER BY first.sequence DESC`,
  );
  const counts = db.prepare<GameCounts>(
    `SELECT count(*) AS games, coalesce(sum(kind = 'match'), 0) AS matches, coalesce(sum(position_count), 0) AS positions,
     coalesce(sum(move_count), 0) AS moves FROM games WHERE job_id = ?`,
  );
  const endLease = db.prepare('DELETE FROM leases WHERE game_id = ?');
  return {
    putGame(game: NewGame, nowMs: number): StoredGameRow {
      const { gameId, jobId, modelVersion, kind, treeId, variation, isLast } = game;
      const { size, positionCount, moveCount, score, bytes } = game;
      const { changes, lastInsertRowid } = insert.run(
        ...[gameId, jobId, modelVersion, kind, treeId, variation, Number(isLast)],
        ...[size, positionCount, moveCount, score, bytes, nowMs],
      );
      if (isLast) endLease.run(treeId);
      if (changes > 0) return { sequence: lastInsertRowid, isNew: true };
      return { sequence: sequenceOf.get(gameId)!.sequence, isNew: false };
    },
    hasGame: (gameId: string): boolean => sequenceOf.get(gameId) !== undefined,
    gamesAfter: (jobId: string, sequence: number, limit: number): GameRow[] =>
      after.all(jobId, sequence, limit).map(gameFromSql),
    gamesOfTree: (treeId: string): GameRow[] => tree.all(treeId).map(gameFromSql),
    listTrees: (jobId: string, limit: number, before: number): TreeRow[] =>
      trees.all(jobId, before, limit).map(treeFromSql),
    gameCounts: (jobId: string): GameCounts => ({ ...counts.get(jobId)! }),
  };
}
