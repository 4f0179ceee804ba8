/** The compiled training step of a job's network, with its first state. */

import type { Engine, NamedTensors, Training } from '../../engine/engine.js';
import type { Weights } from '../../nn/model-file.js';
import type { GoArchitecture } from '../../nn/networks/go-network.js';
import { initialState, trainingStep } from '../../nn/training-step.js';
import { lossWeights, type AlphaZeroConfig } from './config.js';

/** @param from the state of a checkpoint, or weights to begin with */
export function openTraining(
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
  const state = 'state' in from ? from.state : Object.fromEntries(initialState(step, from.weights));
  return engine.train(step.graph, state, { threads: config.trainingThreads });
}
