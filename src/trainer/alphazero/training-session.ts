/** The compiled training step of a job's network, with its first state. */

import type { Engine, NamedTensors, Training } from '../../engine/engine.js';
import type { Weights } from '../../nn/model-file.js';
import type { GoArchitecture } from '../../nn/networks/go-network.js';
import { flatState, initialState, namedState, trainingStep } from '../../nn/training-step.js';
import { lossWeights } from '../go-data/settings.js';
import type { AlphaZeroConfig } from './config.js';

/**
 * The training, whose state is by names.
 *
 * @param from the state of a checkpoint, or weights to begin with
 */
export async function openTraining(
  engine: Engine,
  config: AlphaZeroConfig,
  architecture: GoArchitecture,
  from: { readonly state: NamedTensors } | { readonly weights: Weights },
): Promise<Training> {
  const step = trainingStep({
    architecture,
    size: config.size,
    batchSize: config.batchSize,
    partFloats: engine.partFloats,
    optimizer:
      config.optimizer === 'adamw'
        ? { kind: 'adamw', weightDecay: config.weightDecay }
        : { kind: 'sgd', momentum: config.momentum, weightDecay: config.weightDecay },
    losses: lossWeights(config),
    clipNorm: config.clipNorm,
    emaDecay: config.emaDecay,
  });
  const state =
    'state' in from ? flatState(step, new Map(Object.entries(from.state))) : initialState(step, from.weights);
  const training = await engine.train(step.graph, state, { threads: config.trainingThreads });
  return {
    step: (batch) => training.step(batch),
    exportState: async () => Object.fromEntries(namedState(step, await training.exportState())),
    importState: (named) => training.importState(flatState(step, new Map(Object.entries(named)))),
    release: () => training.release(),
  };
}
