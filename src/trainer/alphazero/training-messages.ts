/** What the job and its training thread say to each other. */

import type { ErrorKind } from '../../core/errors.js';
import type { ThreadTrace } from '../../core/trace.js';
import type { EngineSettings } from '../../engine/open-engine.js';
import type { StoredGame } from './ports.js';
import type { GrowthOutcome, TrainerSnapshot } from './trainer.js';
import type { TrainingReport, TrainingSetup } from './training.js';

/** What the thread starts with, as its `workerData`. */
export interface TrainingThreadStart extends TrainingSetup {
  readonly engine: EngineSettings;
  /** Whether the thread records what it spends its time on (core/trace.ts). */
  readonly traced: boolean;
}

/** To the thread. */
export type ToTraining =
  | { readonly kind: 'game'; readonly game: StoredGame; readonly progress: number }
  | { readonly kind: 'snapshot'; readonly id: number; readonly when: 'now' | 'drained' }
  | { readonly kind: 'stop' };

/** An error that crosses the threads. */
export interface PlainError {
  readonly errorKind: ErrorKind;
  readonly message: string;
}

/** From the thread. */
export type FromTraining =
  | { readonly kind: 'ready' }
  | { readonly kind: 'trained'; readonly report: TrainingReport }
  | { readonly kind: 'candidate'; readonly snapshot: TrainerSnapshot }
  | { readonly kind: 'growth'; readonly outcome: GrowthOutcome | undefined }
  | { readonly kind: 'snapshot'; readonly id: number; readonly result: TrainerSnapshot | PlainError }
  /** What it recorded; the last message of a thread that was told to. */
  | { readonly kind: 'trace'; readonly trace: ThreadTrace }
  | ({ readonly kind: 'failed' } & PlainError);
