/** What the main thread and a session thread say to each other, beside the slots. */

import type { ThreadTrace } from '../core/trace.js';
import type { EngineSettings } from '../engine/open-engine.js';
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

/** Main thread → session thread; answered by a reply with the same id. */
export type Command = { readonly id: number } & (
  | { readonly kind: 'load'; readonly model: ModelBytes }
  | { readonly kind: 'release'; readonly model: number }
  | { readonly kind: 'infer'; readonly model: number; readonly inputs: InferInputs }
  | { readonly kind: 'stop' }
  /** Die with the next batch or plain-tensor request, as a crash would. */
  | { readonly kind: 'crash' }
);

/** Why something failed, as it crosses threads. */
export interface Failure {
  readonly errorKind: string;
  readonly message: string;
}

/** Session thread → main thread. A plain number is a slot whose outputs are written. */
export type Reply =
  | number
  | { readonly kind: 'ready' }
  /** The engine cannot be opened; the thread ends. */
  | { readonly kind: 'not-started'; readonly failure: Failure }
  /** What it recorded; the last message of a thread that was told to. */
  | { readonly kind: 'trace'; readonly trace: ThreadTrace }
  | { readonly kind: 'slot-failed'; readonly slot: number; readonly failure: Failure }
  | { readonly kind: 'done'; readonly id: number; readonly result: ModelShape | InferOutputs | undefined }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure };
