/**
 * Training as the job sees it: games are posted, reports come back. Two places for it to happen: a worker thread
 * (training-handle.ts) and, for tests and small tools, the calling thread (training-loop.ts).
 */

import type { AppError } from '../../core/errors.js';
import type { StoredGame } from '../go-data/stored-game.js';
import type { TreeFigures } from '../go-data/tree-labels.js';
import type { AlphaZeroConfig } from './config.js';
import type { GrowthOutcome, TrainerCopy, TrainerStart } from './trainer.js';

export interface TrainingSetup {
  readonly config: AlphaZeroConfig;
  readonly start: TrainerStart;
}

/** Sent after every game taken from the queue and after every step. */
export interface TrainingReport {
  /** Games taken from the queue since the last report: 1 or 0. */
  readonly taken: number;
  /** Steps in all. */
  readonly step: number;
  /** Self-play games and training positions in all. */
  readonly games: number;
  readonly positions: number;
  /** Positions in the replay window. */
  readonly window: number;
  /** What the game trees look like, if there are any. */
  readonly trees?: TreeFigures;
  /** Whether games of before the checkpoint are still being added back. */
  readonly refilling: boolean;
  /** Losses and the like of the step, if one was made. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** What training tells the job. None of these may throw. */
export interface TrainingEvents {
  trained(report: TrainingReport): void;
  /** `candidateSteps` steps have been made since the last one, or the network is about to grow. */
  candidate(copy: TrainerCopy): void;
  /** The network is about to grow (no outcome yet), after a `candidate` that holds it as it is; or that is over. */
  growth(outcome?: GrowthOutcome): void;
  /** Training has ended with an error; nothing follows. */
  failed(error: AppError): void;
}

/** Training under way. */
export interface TrainingHandle {
  /**
   * Queues a game. The caller bounds the queue by the games that it hands out.
   *
   * @param progress of the job, 0 to 1, for the learning rate
   */
  add(game: StoredGame, progress: number): void;
  /** Copies the state: after the step under way, of training or of growth (`now`), or once all games queued before are used (`drained`). */
  copy(when: 'now' | 'drained'): Promise<TrainerCopy>;
  /** Ends after the step under way and frees everything; copies still asked for are refused as 'cancelled'. */
  stop(): Promise<void>;
}

/** Starts training; resolves when it is ready. */
export type TrainingFactory = (setup: TrainingSetup, events: TrainingEvents) => Promise<TrainingHandle>;
