/** What the main thread and a session thread say to each other, beside the slots. */

import type { ThreadTrace } from '../core/trace.js';
import type { EngineSettings } from '../engine/engine-settings.js';
import type { SentError } from '../threads/messages.js';
import type { Range } from '../nn/quantization/ranges.js';
import type { SymmetrySettings } from './config.js';
import type { ModelShape } from './model-source.js';
import type { SlotMemory } from './slots.js';

/** A model as a thread loads it. */
export interface ModelBytes {
  /** Number under which slots name it. */
  readonly model: number;
  /** name@version, for messages to people. */
  readonly ref: string;
  /** The model file, in shared memory so that threads need no copies. */
  readonly file: SharedArrayBuffer;
  /** Its trunk is computed in eight bits by these ranges; in float32 without them. */
  readonly ranges?: readonly Range[] | undefined;
}

/** How a thread starts. */
export interface ThreadStart {
  readonly thread: number;
  readonly memory: SlotMemory;
  readonly engine: EngineSettings;
  /** Which symmetries of the board positions are evaluated in. */
  readonly symmetry: SymmetrySettings;
  /** Whether the thread records what it spends its time on (core/trace.ts). */
  readonly traced: boolean;
  /** Models loaded before the thread takes any work. */
  readonly models: readonly ModelBytes[];
}

/** Plain tensors for a model. */
export interface InferInputs {
  /** [count, planes, size, size]. */
  readonly planes: Float32Array;
  /** [count, globals]. */
  readonly globals: Float32Array;
  readonly count: number;
  /** Points on a side. */
  readonly size: number;
}

/** What a model answers to plain tensors: the outputs of nn/networks/serving.ts by name. */
export type InferOutputs = Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>;

/** What a session thread is asked, between batches. */
export interface SessionCalls {
  /** Loads a model; a second time for the same number does nothing. */
  load(model: ModelBytes): Promise<ModelShape>;
  /** Frees a model that no slot names any more. */
  release(model: number): Promise<void>;
  infer(model: number, inputs: InferInputs): Promise<InferOutputs>;
  /** Dies with the next batch or plain-tensor request, as a crash would. */
  crash(): void;
}

/** What a session thread says unasked. A plain number is a slot whose outputs are written. */
export type SessionEvent =
  | number
  /** The network refused the batch in `slot`. */
  | { readonly slot: number; readonly error: SentError }
  /** What it recorded, at its end. */
  | { readonly trace: ThreadTrace };
