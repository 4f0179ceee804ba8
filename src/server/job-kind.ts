/** What a kind of training job must offer to be run by the server. `compose.ts` lists the kinds there are. */

import type { JobOutcome, ProgressPoint, StoredGame, Work } from '../trainer/alphazero/ports.js';

/** A job at work. */
export interface RunningJob {
  /** Loads the checkpoint and begins; rejects if it cannot. */
  start(): Promise<void>;
  /** The next game for the workers; undefined while there is none. */
  nextWork(): Work | undefined;
  /** Takes a game that is durable. */
  gameStored(game: StoredGame): void;
  /** name@version that new self-play games use. */
  readonly currentVersion: string;
  /** Stops after the current step, with a checkpoint. */
  cancel(): void;
  /** Rejects if the job failed. */
  readonly finished: Promise<JobOutcome>;
}

/** What a job is given by the server. */
export interface JobContext {
  readonly jobId: string;
  /** Name of the model that it trains. */
  readonly model: string;
  /** All settings, as `JobKind.readConfig` returned them. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly progress: (point: ProgressPoint) => void;
  /** To be called when `nextWork` or `currentVersion` may have changed. */
  readonly workChanged: () => void;
}

/** A kind of job. */
export interface JobKind {
  readonly kind: string;
  /** @throws AppError 'invalid-argument' naming the setting, the value seen and the values allowed */
  readConfig(input: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
  create(context: JobContext): Promise<RunningJob>;
}
