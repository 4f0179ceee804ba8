/** What the job and its training thread say to each other. */

import type { ThreadTrace } from '../../core/trace.js';
import type { EngineSettings } from '../../engine/engine-settings.js';
import type { SentError } from '../../threads/messages.js';
import type { GrowthOutcome, TrainerCopy } from './trainer.js';
import type { TrainingHandle, TrainingReport, TrainingSetup } from './training.js';

/** What the thread starts with. */
export interface TrainingThreadStart extends TrainingSetup {
  readonly engine: EngineSettings;
  /** Whether the thread records what it spends its time on (core/trace.ts). */
  readonly traced: boolean;
}

/** What the thread is asked. */
export type TrainingCalls = Pick<TrainingHandle, 'add' | 'copy'>;

/** What the thread says unasked. */
export type TrainingEvent =
  | { readonly kind: 'trained'; readonly report: TrainingReport }
  | { readonly kind: 'candidate'; readonly copy: TrainerCopy }
  | { readonly kind: 'growth'; readonly outcome: GrowthOutcome | undefined }
  | { readonly kind: 'failed'; readonly error: SentError }
  /** What it recorded, at its end. */
  | { readonly kind: 'trace'; readonly trace: ThreadTrace };
