/** What a generating thread and its owner say to each other. */

import type { ErrorKind } from '../core/errors.js';
import type { VocabularyFiles } from '../text/model-tokenizer.js';
import type { SentError } from '../threads/messages.js';
import type { BatchLimits, GenerationTask } from './continuous-batch.js';
import type { SpokenToken } from './speech.js';

/** What a thread starts with. */
export interface ThreadData {
  readonly modelFile: Uint8Array;
  readonly provider: string;
  readonly limits: BatchLimits;
}

/** What a thread says of its model. */
export interface ModelFacts {
  readonly context: number;
  /** Tokens that it knows. */
  readonly vocabulary: number;
  readonly files: VocabularyFiles;
}

/** To the thread. The first task has the vocabulary opened, so it must be known that this ends. */
export type ToThread =
  | { readonly kind: 'add'; readonly task: GenerationTask; readonly stops: readonly string[] }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'logits'; readonly id: number; readonly tokens: readonly number[] };

/** From the thread. */
export type FromThread =
  | { readonly kind: 'ready'; readonly facts: ModelFacts }
  | { readonly kind: 'failed'; readonly error: SentError }
  | { readonly kind: 'tokens'; readonly tokens: readonly SpokenToken[] }
  | { readonly kind: 'logits'; readonly id: number; readonly logits: Float32Array }
  | { readonly kind: 'refused'; readonly id: number; readonly error: ErrorKind; readonly message: string };
