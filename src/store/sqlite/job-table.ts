/** Jobs, their progress and their checkpoints in SQLite. */

import type { JobRow, JobState, NewJob, MicroStepTime, ProgressRow } from '../store.js';
import type { Database } from './database.js';
import { fileOperations } from './file-table.js';
import { runningJobOperations } from './running-jobs.js';

/** Points of progress kept for each job. */
const PROGRESS_KEPT = 20_000;

interface SqlJob {
  job_id: string;
  kind: string;
  model: string;
  state: JobState;
  config_json: string;
  error: string;
  metrics_json: string;
  created_at_ms: number;
  created_by: string;
}

interface SqlProgress {
  job_id: string;
  sequence: number;
  time_ms: number;
  event: string;
  metrics_json: string;
  message: string;
  times_json: string;
}

type Metrics = Record<string, number>;

function jobFromSql(row: SqlJob): JobRow {
  return {
    jobId: row.job_id,
    kind: row.kind,
    model: row.model,
    state: row.state,
    configJson: row.config_json,
    error: row.error,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    metrics: metricsOf(row.metrics_json),
  };
}

/** Figures that were not finite are null in rows of older programs. */
function metricsOf(json: string): Metrics {
  const kept = Object.entries(JSON.parse(json) as Record<string, number | null>).filter(([, value]) => value !== null);
  return Object.fromEntries(kept) as Metrics;
}

function progressFromSql(row: SqlProgress): ProgressRow {
  return {
    jobId: row.job_id,
    sequence: row.sequence,
    timeMs: row.time_ms,
    event: row.event,
    metrics: metricsOf(row.metrics_json),
    message: row.message,
    ...(row.times_json !== '' && { times: JSON.parse(row.times_json) as readonly MicroStepTime[] }),
  };
}

/** The operations on jobs; each runs inside a transaction of its caller. */
export function jobOperations(db: Database) {
  const { isFileNeeded } = fileOperations(db);
  const { runJob, proveJob } = runningJobOperations(db);
  const nextId = db.prepare<{ id: number }>('SELECT coalesce(max(id), 0) + 1 AS id FROM jobs');
  const insert = db.prepare(
    `INSERT INTO jobs (id, job_id, kind, model, state, config_json, error, metrics_json, created_at_ms, created_by)
     VALUES (?, ?, ?, ?, 'cancelled', ?, '', '{}', ?, ?)`,
  );
  const byId = db.prepare<SqlJob>('SELECT * FROM jobs WHERE job_id = ?');
  const all = db.prepare<SqlJob>('SELECT * FROM jobs ORDER BY id DESC');
  const setState = db.prepare('UPDATE jobs SET state = ?, error = ? WHERE job_id = ?');
  const setMetrics = db.prepare('UPDATE jobs SET metrics_json = json_patch(metrics_json, ?) WHERE job_id = ?');
  const append = db.prepare(
    `INSERT OR REPLACE INTO progress (job_id, sequence, time_ms, event, metrics_json, message, times_json)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const forget = db.prepare('DELETE FROM progress WHERE job_id = ? AND sequence <= ?');
  const after = db.prepare<SqlProgress>(
    'SELECT * FROM progress WHERE job_id = ? AND sequence > ? ORDER BY sequence LIMIT ?',
  );
  const last = db.prepare<{ last: number }>('SELECT coalesce(max(sequence), 0) AS last FROM progress WHERE job_id = ?');
  const checkpoint = db.prepare<{ sha256: string; step: number }>(
    'SELECT sha256, step FROM checkpoints WHERE job_id = ?',
  );
  const saveCheckpoint = db.prepare(
    'INSERT OR REPLACE INTO checkpoints (job_id, step, sha256, created_at_ms) VALUES (?, ?, ?, ?)',
  );
  return {
    createJob({ kind, model, configJson, createdBy = '' }: NewJob, nowMs: number): JobRow {
      const { id } = nextId.get()!;
      const jobId = `${kind}-${id}`;
      insert.run(id, jobId, kind, model, configJson, nowMs, createdBy);
      runJob(jobId, model);
      return jobFromSql(byId.get(jobId)!);
    },
    getJob(jobId: string): JobRow | undefined {
      const row = byId.get(jobId);
      return row && jobFromSql(row);
    },
    listJobs: (): JobRow[] => all.all().map(jobFromSql),
    setJobState: (jobId: string, state: JobState, error: string): void => void setState.run(state, error, jobId),
    appendProgress({ jobId, sequence, timeMs, event, metrics, message, times }: ProgressRow): void {
      const metricsJson = JSON.stringify(metrics);
      append.run(jobId, sequence, timeMs, event, metricsJson, message, times ? JSON.stringify(times) : '');
      forget.run(jobId, sequence - PROGRESS_KEPT);
      setMetrics.run(metricsJson, jobId);
    },
    progressAfter: (jobId: string, sequence: number, limit: number): ProgressRow[] =>
      after.all(jobId, sequence, limit).map(progressFromSql),
    lastProgress: (jobId: string): number => last.get(jobId)!.last,
    checkpointBlob: (jobId: string): string | undefined => checkpoint.get(jobId)?.sha256,
    /** A checkpoint of a later step proves the job. @returns the file of the one before, if no row needs it any more */
    saveCheckpoint(jobId: string, step: number, sha256: string, nowMs: number): string | undefined {
      const { sha256: before, step: stepBefore = 0 } = checkpoint.get(jobId) ?? {};
      if (step > stepBefore) proveJob(jobId);
      saveCheckpoint.run(jobId, step, sha256, nowMs);
      return before === undefined || isFileNeeded(before) ? undefined : before;
    },
  };
}
