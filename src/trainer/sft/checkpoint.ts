/** A checkpoint of an `sft` job as one safetensors file: weights and moments as tensors, everything else as JSON. */

import type { Weights } from '../../nn/model-file.js';
import type { GridProfile } from '../../ranks/profile.js';
import { checkpointFormat } from '../harness/checkpoint-file.js';

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

export const sftCheckpoints = checkpointFormat<SftCheckpoint>('tengen-sft-1');
