/** What a generating thread and its owner say to each other. */

import type { ErrorKind } from '../core/errors.js';
import type { BatchLimits, GeneratedToken, GenerationTask } from './continuous-batch.js';

/** What a thread starts with. */
export interface ThreadData {
  readonly modelFile: Uint8Array;
  readonly provider: string;
  readonly limits: BatchLimits;
}

/** To the thread. */
export type ToThread =
  | { readonly kind: 'add'; readonly task: GenerationTask }
  | { readonly kind: 'cancel'; readonly id: number; readonly completion?: number }
  | { readonly kind: 'logits'; readonly id: number; readonly tokens: readonly number[] };

/** From the thread. */
export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'tokens'; readonly tokens: readonly GeneratedToken[] }
  | { readonly kind: 'logits'; readonly id: number; readonly logits: Float32Array }
  | { readonly kind: 'refused'; readonly id: number; readonly error: ErrorKind; readonly message: string };
