/** What a generating thread and its owner say to each other. */

import type { EngineSettings } from '../engine/engine-settings.js';
import type { VocabularyFiles } from '../text/model-tokenizer.js';
import type { SentError } from '../threads/messages.js';
import type { BatchLimits, GenerationTask } from './continuous-batch.js';
import type { SpokenToken } from './speech.js';

/** What a thread starts with. */
export interface ThreadData {
  readonly modelFile: Uint8Array;
  readonly engine: EngineSettings;
  readonly limits: BatchLimits;
}

/** What a thread says of its model. */
export interface ModelFacts {
  readonly context: number;
  /** Tokens that it knows. */
  readonly vocabulary: number;
  readonly files: VocabularyFiles;
}

/** What a thread is asked. The first task has the vocabulary opened, so it must be known that this ends. */
export interface GeneratorCalls {
  add(task: GenerationTask, stops: readonly string[]): void;
  /** Ends a task, or withdraws a sequence whose logits were asked for. Harmless if it has ended. */
  cancel(id: number): void;
  /** The logits after every token [T, V]. */
  logits(id: number, tokens: readonly number[]): Promise<Float32Array>;
}

/** What a thread says unasked: tokens of its tasks, or that one of them ended with an error. */
export type GeneratorEvent =
  { readonly tokens: readonly SpokenToken[] } | { readonly refused: number; readonly error: SentError };
