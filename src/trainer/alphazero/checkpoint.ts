/**
 * A checkpoint as one safetensors file: the training state as tensors, everything else as JSON in the header.
 */

import { AppError, check } from '../../core/errors.js';
import type { RngState } from '../../core/rng.js';
import { checkGoArchitecture, type GoArchitecture } from '../../nn/networks/go-network.js';
import { decodeSafetensors, encodeSafetensors } from '../../nn/safetensors.js';
import type { LeagueState } from './league.js';

/** Tensors of the training state by name: parameters, moments of the optimizer, moving averages. */
export type StateTensors = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

/** Where training stands, beside the tensors. A function of the games added so far and their order alone. */
export interface TrainerState {
  readonly step: number;
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

const FORMAT = 'tengen-alphazero-1';

export function encodeCheckpoint({ tensors, ...rest }: Checkpoint): Uint8Array {
  return encodeSafetensors(tensors, { format: FORMAT, state: JSON.stringify(rest) });
}

/**
 * Reads a checkpoint.
 *
 * @throws AppError 'failed-precondition' if it is damaged or of another kind
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  try {
    const { tensors, metadata } = decodeSafetensors(bytes);
    const { format, state } = metadata;
    check(format === FORMAT && state !== undefined, `Its format is '${format ?? ''}', not '${FORMAT}'`);
    const rest = JSON.parse(state) as Omit<Checkpoint, 'tensors'>;
    const floats = new Map<string, { shape: readonly number[]; data: Float32Array }>();
    for (const [name, { shape, data }] of tensors) {
      check(data instanceof Float32Array, `Tensor '${name}' does not hold floats`);
      floats.set(name, { shape, data });
    }
    return { ...rest, architecture: checkGoArchitecture(rest.architecture), tensors: floats };
  } catch (error) {
    throw new AppError('failed-precondition', `The checkpoint cannot be read: ${AppError.from(error).message}`, {
      cause: error,
    });
  }
}
