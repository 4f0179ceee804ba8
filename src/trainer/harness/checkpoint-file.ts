/** Checkpoints as safetensors files: the state's numbers as tensors, everything else as JSON in the header. */

import { AppError, check } from '../../core/errors.js';
import type { Weights } from '../../nn/model-file.js';
import { decodeSafetensors, encodeSafetensors } from '../../nn/safetensors.js';

/** Writes and reads the checkpoints of one kind of job. */
export interface CheckpointFormat<Checkpoint> {
  encode(checkpoint: Checkpoint): Uint8Array;
  /** @throws AppError 'failed-precondition' if the file is damaged or of another kind */
  decode(bytes: Uint8Array): Checkpoint;
}

/**
 * @param format names the kind of job and the version of its files
 * @param checked looks at what was read; throws an AppError for what is no checkpoint
 */
export function checkpointFormat<Checkpoint extends { readonly tensors: Weights }>(
  format: string,
  checked = (checkpoint: Checkpoint): Checkpoint => checkpoint,
): CheckpointFormat<Checkpoint> {
  const read = (bytes: Uint8Array): Checkpoint => {
    const { tensors, metadata } = decodeSafetensors(bytes);
    const seen = metadata['format'];
    const { state } = metadata;
    check(seen === format && state !== undefined, `Its format is '${seen ?? ''}', not '${format}'`);
    const floats = new Map<string, { shape: readonly number[]; data: Float32Array }>();
    for (const [name, { shape, data }] of tensors) {
      check(data instanceof Float32Array, `Tensor '${name}' does not hold floats`);
      floats.set(name, { shape, data });
    }
    return { ...(JSON.parse(state) as object), tensors: floats } as unknown as Checkpoint;
  };
  return {
    encode: ({ tensors, ...rest }) => encodeSafetensors(tensors, { format, state: JSON.stringify(rest) }),
    decode(bytes) {
      try {
        return checked(read(bytes));
      } catch (error) {
        const { message } = AppError.from(error);
        throw new AppError('failed-precondition', `The checkpoint cannot be read: ${message}`, { cause: error });
      }
    },
  };
}
