/** What a grid and its rank threads say to each other. */

import type { EngineSettings } from '../engine/engine-settings.js';
import type { MicroBatch } from '../methods/scheduling/plan.js';
import type { TransformerConfiguration } from '../nn/networks/transformer/configuration.js';
import type { AdamWStep } from './adamw.js';
import type { StepSequence } from './rows.js';
import type { RankGroupMemory } from './shared-memory.js';
import type { Span } from './stopwatch.js';
import type { StateMemory } from './training-state.js';

/** What a rank thread starts with, as its `workerData`. */
export interface RankStart {
  /** Counted over the whole grid. */
  readonly rank: number;
  /** Position in its context-parallel group. */
  readonly groupRank: number;
  readonly engine: EngineSettings;
  readonly architecture: TransformerConfiguration;
  readonly state: StateMemory;
  readonly world: RankGroupMemory;
  readonly group: RankGroupMemory;
  /** Time added to every exchange of keys and values. */
  readonly latencyMs: number;
  /** Whether spans are kept for a drawing. */
  readonly traces: boolean;
}

/** What all commands carry: which weights, and the rank's part of the plan. */
interface Work {
  /** The copy of the state that is read. */
  readonly step: number;
  readonly sequences: readonly StepSequence[];
  /** Of the rank's group. */
  readonly microBatches: readonly MicroBatch[];
  /** W, over the whole grid. */
  readonly normaliser: number;
}

/** To a rank. */
export type RankCommand =
  | (Work & {
      readonly kind: 'train';
      readonly optimizer: Omit<AdamWStep, 'scale'>;
      /** Largest norm of the gradient; 0 does not clip. */
      readonly clipNorm: number;
    })
  /** Writes the gradient of the grid in the place of the weights after `step`; for tests and inspection. */
  | (Work & { readonly kind: 'gradient' })
  | (Work & { readonly kind: 'evaluate' })
  /** Only the exchanges that training would make, of zeros; for measurements. */
  | (Work & { readonly kind: 'exchange' });

/** What a rank thread is asked. */
export interface RankCalls {
  run(command: RankCommand): Promise<RankResult>;
  /** Ends the thread at once, as a crash would; for tests and drills. */
  crash(): void;
}

/** Where a rank's time went in one micro-step. */
export interface RankTime {
  readonly localMs: number;
  readonly waitingMs: number;
  readonly distributedMs: number;
  readonly tokens: number;
  readonly spans: readonly Span[];
}

/** What a command gave. */
export interface RankResult {
  /** Of the whole grid. */
  readonly loss: number;
  /** Before clipping; 0 unless trained. */
  readonly gradientNorm: number;
  readonly times: readonly RankTime[];
  /** All-reduce and optimizer. */
  readonly updateMs: number;
}
