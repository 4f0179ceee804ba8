/** What a `grow` job needs from the outside and what it hands out. The server adapts the store; tests use memory. */

import type { Engine } from '../../engine/engine.js';
import type { StoredGame } from '../alphazero/ports.js';

/** One point of progress; the events and metric names of the contract's JobProgress. */
export interface GrowProgress {
  readonly event: 'train' | 'evaluation' | 'promotion' | 'state';
  readonly metrics: Readonly<Record<string, number>>;
  readonly message: string;
}

/** The games of an alphazero job. */
export interface SelfPlayGames {
  readonly jobId: string;
  /** As readAlphaZeroConfig returned them. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Training positions of all of them. */
  readonly positions: number;
  /** In the order in which they were stored. */
  games(): AsyncIterable<StoredGame & { readonly positions: number }>;
}

/** Everything that a GrowJob is given. */
export interface GrowDependencies {
  /** The model file to grow. @throws AppError 'not-found' */
  source(ref: string): Promise<{ readonly ref: string; readonly sha256: string; readonly bytes: Uint8Array }>;
  /** Resolves a name, or name@version, to name@version and the file, which is given away. @throws AppError 'not-found' */
  dataset(ref: string): Promise<{ readonly ref: string; readonly bytes: Uint8Array }>;
  /** The games of a job, or of the newest one of a model if `jobId` is ''. @throws AppError 'not-found' */
  selfPlay(jobId: string, model: string): Promise<SelfPlayGames>;
  readonly models: {
    /** Stores a model file under the job's model name; returns its name@version. */
    put(bytes: Uint8Array, info: { readonly step: number }): Promise<string>;
    promote(ref: string): Promise<void>;
  };
  /** Opens an engine that does not block the calling thread. */
  openEngine(): Engine;
  /** Called for every point of progress; must not throw. */
  progress(point: GrowProgress): void;
}
