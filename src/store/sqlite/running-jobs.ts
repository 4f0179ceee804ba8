/**
 * Which jobs may run, in SQLite: one for each model, and none that was running again and again when its server died. A job
 * counts the starts since it last proved itself; a server that ends properly forgets them.
 */

import { AppError } from '../../core/errors.js';
import type { JobState } from '../store.js';
import type { Database } from './database.js';

/** Starts in a row, without proof, after which a job is not taken up again. */
const MOST_STARTS = 3;

interface SqlRunning {
  job_id: string;
  model: string;
  unproved_starts: number;
}

/** The operations on running jobs; each runs inside a transaction of its caller. */
export function runningJobOperations(db: Database) {
  const runningOn = db.prepare<{ job_id: string }>(
    "SELECT job_id FROM jobs WHERE state = 'running' AND model = ? AND job_id != ? ORDER BY id LIMIT 1",
  );
  const running = db.prepare<SqlRunning>(
    "SELECT job_id, model, unproved_starts FROM jobs WHERE state = 'running' ORDER BY id",
  );
  const stateOf = db.prepare<{ state: JobState }>('SELECT state FROM jobs WHERE job_id = ?');
  const run = db.prepare("UPDATE jobs SET state = 'running', error = '', unproved_starts = 1 WHERE job_id = ?");
  const setState = db.prepare('UPDATE jobs SET state = ?, error = ? WHERE job_id = ?');
  const start = db.prepare('UPDATE jobs SET unproved_starts = unproved_starts + 1 WHERE job_id = ?');
  const prove = db.prepare('UPDATE jobs SET unproved_starts = 0 WHERE job_id = ?');
  const proveAll = db.prepare("UPDATE jobs SET unproved_starts = 0 WHERE state = 'running'");

  const busy = (model: string, jobId: string): string | undefined => {
    const other = runningOn.get(model, jobId)?.job_id;
    return other && `The job '${other}' is running on the model '${model}'; a model has one running job at a time`;
  };
  return {
    /** @throws AppError 'failed-precondition' if it is done, or another job runs on its model */
    runJob: (jobId: string, model: string): void => {
      if (stateOf.get(jobId)?.state === 'done')
        throw new AppError('failed-precondition', `The job '${jobId}' is done; it cannot be resumed`);
      const reason = busy(model, jobId);
      if (reason !== undefined) throw new AppError('failed-precondition', reason);
      run.run(jobId);
    },
    /** Counts a start of every running job, but fails those that must not be taken up. @returns the failed ones */
    takeUpJobs(): { readonly jobId: string; readonly error: string }[] {
      const failed: { jobId: string; error: string }[] = [];
      const taken = new Map<string, string>();
      for (const { job_id: jobId, model, unproved_starts: starts } of running.all()) {
        const error = starts >= MOST_STARTS ? crashed(starts) : taken.has(model) ? busy(model, jobId) : undefined;
        if (error === undefined) {
          start.run(jobId);
          taken.set(model, jobId);
        } else {
          setState.run('failed' satisfies JobState, error, jobId);
          failed.push({ jobId, error });
        }
      }
      return failed;
    },
    proveJob: (jobId: string): void => void prove.run(jobId),
    proveAllJobs: (): void => void proveAll.run(),
  };
}

function crashed(starts: number): string {
  return (
    `The server did not end properly ${starts} times in a row while this job was running; it is not taken up again by ` +
    'itself. If the job is not the cause, resume it'
  );
}
