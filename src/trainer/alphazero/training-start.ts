/** What training starts from: a checkpoint, a given network, or nothing. */

import { AppError } from '../../core/errors.js';
import { decodeModel } from '../../nn/model-file.js';
import { boardsOf } from '../../nn/networks/go-network.js';
import type { Checkpoint } from './checkpoint.js';
import type { AlphaZeroConfig } from './config.js';
import { architectureOf, type TrainerStart } from './trainer.js';

/**
 * @param initialModel a model file to train on, where there is no checkpoint
 * @throws AppError 'failed-precondition' if the network is not for the job's board or features
 */
export function trainerStart(
  config: AlphaZeroConfig,
  checkpoint: Checkpoint | undefined,
  initialModel: Uint8Array | undefined,
): TrainerStart {
  const start = startOf(config, checkpoint, initialModel);
  const { size } = config;
  const { features } = architectureOf(config);
  const { architecture } = start;
  const [smallest, largest] = boardsOf(architecture);
  if (size < smallest || size > largest || architecture.features !== features) {
    throw new AppError(
      'failed-precondition',
      `The model to train is for size ${largest} and features '${architecture.features}'; ` +
        `the job wants size ${size} and features '${features}'`,
    );
  }
  return start;
}

function startOf(
  config: AlphaZeroConfig,
  checkpoint: Checkpoint | undefined,
  initialModel: Uint8Array | undefined,
): TrainerStart {
  if (checkpoint) {
    const { architecture, trainer: state, tensors } = checkpoint;
    return { architecture, checkpoint: { state, tensors } };
  }
  if (!initialModel) return { architecture: architectureOf(config) };
  const { architecture, weights, metadata } = decodeModel(initialModel);
  const { grownFrom } = metadata;
  return { architecture, weights, ...(grownFrom !== undefined && { grownFrom }) };
}
