/** What a kind of training job must offer to be run by the server. `compose.ts` lists the kinds there are. */

import type { StoredGame } from '../go-data/stored-game.js';
import type { Work } from '../go-data/work.js';
import type { JobContext } from './ports.js';

export interface RunningJob {
  /** Loads the checkpoint and begins; rejects if it cannot, or is stopped before. */
  start(): Promise<void>;
  /** Stops while it reads what it needs, or after the current step, with a checkpoint. */
  cancel(): void;
  /** Rejects if the job failed. */
  readonly finished: Promise<JobOutcome>;
  /** Of a job that has workers play games. */
  readonly selfPlay?: SelfPlayPart;
}

/** How a job ended when it did not fail. */
export interface JobOutcome {
  readonly state: 'done' | 'cancelled';
}

/** What a job that learns from self-play has beside. */
export interface SelfPlayPart {
  /** The next game for the workers; undefined while there is none. */
  nextWork(): Work | undefined;
  /** Takes a game that is durable. */
  gameStored(game: StoredGame): void;
  /** Whether it learns from no further self-play; rating games may still be wanted. */
  readonly hasAllSelfPlay: boolean;
  /** name@version that new self-play games use. */
  readonly currentVersion: string;
}

/** A job that is to be created, or resumed. */
export interface AskedJob {
  readonly model: string;
  /** Of a new job what was given; of one to resume all settings. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Of a job to resume. */
  readonly jobId?: string;
}

export interface JobKind {
  readonly kind: string;
  /** @throws AppError 'invalid-argument' naming the setting, the value seen and the values allowed */
  readConfig(input: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
  /**
   * Refuses a job that would write networks of another architecture under the name of a model, unless it is its own growth.
   *
   * @throws AppError 'failed-precondition' naming both
   */
  checkModel?(asked: AskedJob): Promise<void>;
  create(context: JobContext): RunningJob | Promise<RunningJob>;
}
