/** The progress of a job to its end, whatever becomes of the connection meanwhile. */

import { AppError } from '../../src/core/errors.js';
import { Rng } from '../../src/core/rng.js';
import { JobServiceDefinition, JobState, type WatchJobResponse } from '../../src/proto/tengen/v1/job.js';
import { Backoff } from '../shared/backoff.js';
import type { Connection } from '../shared/connection.js';
import { fromCall } from '../shared/status.js';

/** Longest wait before a lost stream is opened again, in milliseconds. */
const longestWaitMs = 5000;

/** Whether a job works no more. */
export function isEnded(state: JobState): boolean {
  return state === JobState.DONE || state === JobState.CANCELLED || state === JobState.FAILED;
}

/**
 * Every message of `WatchJob` once, until the job has ended. A server that stops or a connection that is lost is waited
 * for; the first time the connection has to work.
 *
 * @throws AppError with the server's own sentence; 'cancelled' when `signal` aborts
 */
export async function* followJob(
  connection: Connection,
  jobId: string,
  signal: AbortSignal,
): AsyncGenerator<WatchJobResponse, void> {
  const client = connection.client(JobServiceDefinition);
  const backoff = new Backoff(new Rng(process.pid), longestWaitMs);
  let afterSequence = 0n;
  let isKnown = false;
  for (;;) {
    try {
      for await (const message of client.watchJob({ jobId, afterSequence }, { signal })) {
        isKnown = true;
        backoff.succeeded();
        if (message.progress) afterSequence = BigInt(message.progress.sequence);
        yield message;
        if (isEnded(message.state) && !message.progress) return;
      }
      throw new AppError('unavailable', 'The server ended the stream');
    } catch (thrown) {
      const error = fromCall(thrown);
      if (signal.aborted || !isKnown || error.kind !== 'unavailable') throw error;
      process.stderr.write(`${error.message}; trying again\n`);
    }
    await backoff.wait(signal);
  }
}
