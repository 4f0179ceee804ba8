/** What an `rft` job needs from the outside and what it hands out. The server adapts the store; tests use memory. */

import type { Reward } from '../../rewards/reward.js';
import type { OpenPolicy } from './policy-handle.js';

/** One point of progress; the events and metric names of the contract's JobProgress. */
export interface RftProgress {
  readonly event: 'train' | 'evaluation' | 'samples' | 'promotion' | 'state';
  readonly metrics: Readonly<Record<string, number>>;
  /** Of `samples`: the completions shown, a JSON list of `SampleRow`. */
  readonly message: string;
}

/** A file and its name@version. */
export interface VersionedFile {
  readonly ref: string;
  readonly bytes: Uint8Array;
}

/** Everything that an RftJob is given. */
export interface RftDependencies {
  readonly datasets: {
    /** Resolves a name, or name@version; the file is given away. @throws AppError 'not-found' */
    read(ref: string): Promise<VersionedFile>;
    put(name: string, lines: number, bytes: Uint8Array): Promise<void>;
  };
  /** The model to start from; also needed with a checkpoint only if that has none. */
  readonly base: () => Promise<VersionedFile>;
  readonly checkpoints: {
    load(): Promise<Uint8Array | undefined>;
    save(step: number, bytes: Uint8Array): Promise<void>;
  };
  readonly models: {
    /** Stores a model file under the job's model name; returns its name@version. */
    put(bytes: Uint8Array, info: { readonly step: number }): Promise<string>;
    promote(ref: string): Promise<void>;
  };
  readonly reward: Reward;
  /** Called for every point of progress; must not throw. */
  progress(point: RftProgress): void;
  /** Opens the model; in the calling thread unless given. */
  readonly openPolicy: OpenPolicy;
  /** Called once the job has ended, however it did. */
  close?(): void;
}
