/**
 * A checkpoint as one safetensors file: the training state as tensors, everything else as JSON in the header.
 */

import type { RngState } from '../../core/rng.js';
import { checkGoArchitecture, type GoArchitecture } from '../../nn/networks/go-network.js';
import { checkpointFormat } from '../harness/checkpoint-file.js';
import type { LeagueState } from './league.js';

/** Tensors of the training state by name: parameters, moments of the optimizer, moving averages. */
export type StateTensors = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

/** Which games training was given. */
export interface CollectedState {
  /** Self-play games added. */
  readonly games: number;
  /** Training positions added. */
  readonly rows: number;
  /** Sequence of the last game added; 0 before the first. */
  readonly sequence: number;
  /** The oldest game in the replay memory and the number of its first position. */
  readonly oldest: { readonly sequence: number; readonly row: number };
  /** The first game of the oldest tree that has positions in the memory or may still grow; absent in old checkpoints. */
  readonly firstTree?: number;
}

/** Where training stands, beside the tensors. A function of the games added so far and their order alone. */
export interface TrainerState extends CollectedState {
  readonly step: number;
  /** Draws positions and symmetries. */
  readonly rng: RngState;
  /** Progress of the job, 0 to 1, that came with the last games; the learning rate follows it. */
  readonly progress: number;
  /** The step at which the network grew, or its growth was refused; absent before. */
  readonly growth?: { readonly step: number; readonly isGrown: boolean };
  /** The lineage of a network that has grown, in this job or before it. */
  readonly grownFrom?: string;
}

/** Where the job stands, beside its training. */
export interface JobProgressState {
  /** First game number that has not been promised to a worker; see `AlphaZeroJob`. */
  readonly nextGame: number;
  /** Time that the job has run, in all its runs. */
  readonly elapsedMs: number;
  readonly league: LeagueState;
}

/** All that a job needs to continue, but for the games. */
export interface Checkpoint {
  readonly architecture: GoArchitecture;
  readonly trainer: TrainerState;
  readonly job: JobProgressState;
  /** The settings in force, for people who look into the file. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: StateTensors;
}

export const alphaZeroCheckpoints = checkpointFormat<Checkpoint>('tengen-alphazero-1', (checkpoint) => ({
  ...checkpoint,
  architecture: checkGoArchitecture(checkpoint.architecture),
}));
