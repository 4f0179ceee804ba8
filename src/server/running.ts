/** A job that runs, as its runner knows it. */

import type { Logger } from 'pino';
import type { JobStore } from '../store/store.js';
import type { RunningJob } from '../trainer/harness/job-kind.js';

/** Milliseconds after which a job that runs is seen to work, if nothing showed it before. */
export const PROOF_MS = 60_000;

export interface Running {
  readonly job: RunningJob;
  isStarted: boolean;
  /** Whether all that is left is to keep how it ended. */
  isEnding: boolean;
  /** To be called when the job is seen to work: that the server ended before counts against it no longer. */
  readonly prove: () => void;
  /** Resolves when the job has ended and its state is kept; never rejects. */
  readonly ended: Promise<void>;
}

/** What keeps, once, that a job was seen to work. */
export function proofOf(jobId: string, jobs: Pick<JobStore, 'prove'>, logger: Logger): () => void {
  let isProved = false;
  return () => {
    if (isProved) return;
    isProved = true;
    jobs.prove(jobId).catch((err: unknown) => logger.warn({ err, jobId }, 'job-proof-not-kept'));
  };
}
