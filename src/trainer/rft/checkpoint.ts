/** A checkpoint of an `rft` job as one safetensors file: weights, moments and reference as tensors, all else as JSON. */

import { AppError, check } from '../../core/errors.js';
import type { Weights } from '../../nn/model-file.js';
import { decodeSafetensors, encodeSafetensors } from '../../nn/safetensors.js';
import type { RftLoopState } from './loop.js';

/** All that a job needs to go on, but for its data. */
export interface RftCheckpoint {
  readonly state: RftLoopState;
  /** Whether the evaluation that is due after the last step was made; older files, which do not say it, have it. */
  readonly isEvaluated?: boolean;
  /** name@version of the model at the start, which the scores belong to. */
  readonly base: string;
  /** name@version of the pool, and of the tasks of evaluations or ''. */
  readonly dataset: string;
  readonly evaluationDataset: string;
  /** Of the model, as its file has them. */
  readonly architectureJson: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** The settings in force, for people who look into the file. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: Weights;
}

const FORMAT = 'tengen-rft-1';

export function encodeRftCheckpoint({ tensors, ...rest }: RftCheckpoint): Uint8Array {
  return encodeSafetensors(tensors, { format: FORMAT, state: JSON.stringify(rest) });
}

/**
 * Reads a checkpoint.
 *
 * @throws AppError 'failed-precondition' if it is damaged or of another kind
 */
export function decodeRftCheckpoint(bytes: Uint8Array): RftCheckpoint {
  try {
    const { tensors, metadata } = decodeSafetensors(bytes);
    const { format, state } = metadata;
    check(format === FORMAT && state !== undefined, `Its format is '${format ?? ''}', not '${FORMAT}'`);
    const rest = JSON.parse(state) as Omit<RftCheckpoint, 'tensors'>;
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
