/** What an `alphazero` job is given, and how it ends. */

import type { JobOutcome } from '../harness/job-kind.js';
import type { JobPorts, RatingRow } from '../harness/ports.js';

export type AlphaZeroPorts = Pick<
  JobPorts,
  'jobId' | 'model' | 'models' | 'checkpoints' | 'games' | 'progress' | 'workChanged' | 'now'
> & {
  /** Aborting it cancels the job like `cancel()`. */
  readonly signal?: AbortSignal;
};

export interface AlphaZeroOutcome extends JobOutcome {
  readonly ratings: readonly RatingRow[];
}
