/** Leases in SQLite. */

import type { LeaseRow } from '../store.js';
import type { Database } from './database.js';

interface SqlLease {
  game_id: string;
  job_id: string;
  lease_id: string;
  worker: string;
  expires_at_ms: number;
  work_json: string;
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

/** The operations on leases; each runs inside a transaction of its caller. */
export function leaseOperations(db: Database) {
  const put = db.prepare(
    // A lease may be given back while its game is on the way in; the game wins.
    `INSERT OR REPLACE INTO leases (game_id, job_id, lease_id, worker, expires_at_ms, work_json)
     SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM games WHERE tree_id = ?1 AND is_last = 1)`,
  );
  const remove = db.prepare('DELETE FROM leases WHERE game_id = ?');
  const all = db.prepare<SqlLease>('SELECT * FROM leases');
  return {
    allLeases: (): LeaseRow[] => all.all().map(leaseFromSql),
    putLeases(rows: readonly LeaseRow[]): void {
      for (const { gameId, jobId, leaseId, worker, expiresAtMs, workJson } of rows) {
        put.run(gameId, jobId, leaseId, worker, expiresAtMs, workJson);
      }
    },
    removeLeases(gameIds: readonly string[]): void {
      for (const gameId of gameIds) remove.run(gameId);
    },
  };
}
