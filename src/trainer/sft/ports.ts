/** What an `sft` job needs from the outside and what it hands out. The server adapts the store; tests use memory. */

import type { EngineSettings } from '../../engine/engine-settings.js';
import type { RankGrid } from '../../ranks/grid.js';

/** Where a rank's time went in one micro-step, in milliseconds. */
export interface MicroStepTime {
  /** Counted over the whole grid. */
  readonly rank: number;
  readonly microStep: number;
  readonly localMs: number;
  readonly waitingMs: number;
  readonly distributedMs: number;
  readonly tokens: number;
}

/** One point of progress; the events and metric names of the contract's JobProgress. */
export interface SftProgress {
  readonly event: 'train' | 'evaluation' | 'promotion' | 'state';
  readonly metrics: Readonly<Record<string, number>>;
  readonly message: string;
  readonly times?: readonly MicroStepTime[];
}

/** Everything that an SftJob is given. */
export interface SftDependencies {
  /** What the ranks compute with. */
  readonly engine: EngineSettings;
  /** Resolves a name, or name@version, to name@version and the file, which is given away. @throws AppError 'not-found' */
  readonly dataset: (ref: string) => Promise<{ readonly ref: string; readonly bytes: Uint8Array }>;
  /** The model file to start from when there is no checkpoint; without it the network starts at random. */
  readonly base?: Uint8Array;
  readonly checkpoints: {
    load(): Promise<Uint8Array | undefined>;
    save(step: number, bytes: Uint8Array): Promise<void>;
  };
  readonly models: {
    /** Stores a model file under the job's model name; returns its name@version. */
    put(bytes: Uint8Array, info: { readonly step: number }): Promise<string>;
    promote(ref: string): Promise<void>;
  };
  /** Called for every point of progress; must not throw. */
  progress(point: SftProgress): void;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
  /** Called with every grid that is opened; for tests that make ranks die. */
  readonly onGrid?: (grid: RankGrid) => void;
}
