/** A checkpoint of an `rft` job as one safetensors file: weights, moments and reference as tensors, all else as JSON. */

import type { Weights } from '../../nn/model-file.js';
import { checkpointFormat } from '../harness/checkpoint-file.js';
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

export const rftCheckpoints = checkpointFormat<RftCheckpoint>('tengen-rft-1');
