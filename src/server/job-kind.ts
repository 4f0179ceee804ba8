/** What a kind of training job must offer to be run by the server. `compose.ts` lists the kinds there are. */

import type { ProgressRow } from '../store/store.js';
import type { StoredGame, Work } from '../trainer/alphazero/ports.js';

/** One point of progress, before it is numbered. */
export type ProgressPoint = Pick<ProgressRow, 'event' | 'metrics' | 'message' | 'times'>;

export interface RunningJob {
  /** Loads the checkpoint and begins; rejects if it cannot, or is stopped before. */
  start(): Promise<void>;
  /** Stops while it reads what it needs, or after the current step, with a checkpoint. */
  cancel(): void;
  /** Rejects if the job failed. */
  readonly finished: Promise<{ readonly state: 'done' | 'cancelled' }>;
  /** Of a job that has workers play games. */
  readonly selfPlay?: SelfPlayPart;
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

export interface JobContext {
  readonly jobId: string;
  /** Name of the model that it trains. */
  readonly model: string;
  /** The token of level train that created it; '' for an admin. */
  readonly createdBy: string;
  /** All settings, as `JobKind.readConfig` returned them. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly progress: (point: ProgressPoint) => void;
  /** To be called when what `selfPlay` says may have changed. */
  readonly workChanged: () => void;
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
  checkModel(asked: AskedJob): Promise<void>;
  create(context: JobContext): Promise<RunningJob>;
}
