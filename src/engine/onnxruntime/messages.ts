/** What the main thread and an engine thread say to each other. */

import type { ErrorKind } from '../../core/errors.js';
import type { NamedTensors, StepSignature } from '../engine.js';
import type { SessionOptions } from './session.js';

/** A thread's job: one model, either run as it is or stepped with state. Given as `workerData`. */
export interface ThreadJob {
  readonly model: Uint8Array;
  readonly options: SessionOptions;
  readonly training?: { readonly signature: StepSignature; readonly state: NamedTensors };
}

/** A call; every call is answered once, in order. */
export type Request =
  | { readonly call: 'run' | 'step' | 'importState'; readonly tensors: NamedTensors }
  | { readonly call: 'ready' | 'exportState' };

/** The answer to one call. */
export type Reply =
  | { readonly ok: true; readonly tensors?: NamedTensors; readonly reports?: Record<string, number> }
  | { readonly ok: false; readonly kind: ErrorKind; readonly message: string };
