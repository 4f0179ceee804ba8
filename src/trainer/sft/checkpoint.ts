/** A checkpoint of an `sft` job as one safetensors file: weights and moments as tensors, everything else as JSON. */

import { AppError, check } from '../../core/errors.js';
import type { Weights } from '../../nn/model-file.js';
import { decodeSafetensors, encodeSafetensors } from '../../nn/safetensors.js';
import type { GridProfile } from '../../ranks/profile.js';

/** All that a job needs to go on, but for its data. */
export interface SftCheckpoint {
  /** Steps made. */
  readonly step: number;
  /** Tokens trained on, so far. */
  readonly tokens: number;
  /** name@version of the data. */
  readonly dataset: string;
  /** By what the steps are scheduled; kept so that a resumed job schedules alike. */
  readonly profile: GridProfile;
  /** Of the model, as its file has them. */
  readonly architectureJson: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** What the weights that evaluated best, in `tensors` under 'best:…', are worth. */
  readonly best?: { readonly step: number; readonly loss: number };
  /** Weights under their names, moments under 'adam:…'. */
  readonly tensors: Weights;
}

const FORMAT = 'tengen-sft-1';

export function encodeSftCheckpoint({ tensors, ...rest }: SftCheckpoint): Uint8Array {
  return encodeSafetensors(tensors, { format: FORMAT, state: JSON.stringify(rest) });
}

/**
 * Reads a checkpoint.
 *
 * @throws AppError 'failed-precondition' if it is damaged or of another kind
 */
export function decodeSftCheckpoint(bytes: Uint8Array): SftCheckpoint {
  try {
    const { tensors, metadata } = decodeSafetensors(bytes);
    const { format, state } = metadata;
    check(format === FORMAT && state !== undefined, `Its format is '${format ?? ''}', not '${FORMAT}'`);
    const rest = JSON.parse(state) as Omit<SftCheckpoint, 'tensors'>;
    const floats = new Map<string, { shape: readonly number[]; data: Float32Array }>();
    for (const [name, { shape, data }] of tensors) {
      check(data instanceof Float32Array, `Tensor '${name}' does not hold floats`);
      floats.set(name, { shape, data });
    }
    return { ...rest, tensors: floats };
  } catch (error) {
    throw new AppError('failed-precondition', `The checkpoint cannot be read: ${AppError.from(error).message}`, {
      cause: error,
    });
  }
}
