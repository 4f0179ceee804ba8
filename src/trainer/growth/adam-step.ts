/** A training step by AdamW as a graph, for any trainable inputs and any loss of them. */

import type { NamedTensors } from '../../engine/engine.js';
import { gradients } from '../../nn/gradients.js';
import { type Graph, graph, input, type InputTensor, next, type Tensor } from '../../nn/graph.js';
import { adamW, type AdamWOptions } from '../../nn/optimizers/adamw.js';
import { clipByNorm, globalNorm } from '../../nn/optimizers/clipping.js';
import { States } from '../../nn/optimizers/optimizer.js';
import { sizeOf, type TensorData } from '../../nn/types.js';

/** A step and the state before the first one. */
export interface AdamStep {
  /** Takes the loss's batch and the scalar `learningRate`; reports `loss` and `gradientNorm`. */
  readonly graph: Graph;
  readonly state: NamedTensors;
}

/** Builds the step. Gradients together are shortened to length 1; weight decay applies to matrices alone. */
export function adamStep(
  loss: Tensor,
  trained: readonly InputTensor[],
  initial: NamedTensors,
  options: AdamWOptions,
): AdamStep {
  const raw = gradients(loss, trained);
  const gradientNorm = globalNorm(raw);
  const clipped = clipByNorm(raw, gradientNorm, 1);
  const states = new States();
  const trainables = trained.map((value, i) => {
    return { name: value.name, value, gradient: clipped[i]!, decays: value.shape.length > 1 };
  });
  const updated = adamW(options)(trainables, input('learningRate', []), states);
  const following = [...updated, ...states.next].map(([name, tensor]) => [next(name), tensor] as const);
  const moments = states.declared.map(({ name, shape, initial: value }): [string, TensorData] => {
    return [name, { shape, data: new Float32Array(sizeOf(shape)).fill(Number(value)) }];
  });
  return {
    graph: graph({ loss, gradientNorm, ...Object.fromEntries(following) }),
    state: { ...initial, ...Object.fromEntries(moments) },
  };
}

/** The scalar `learningRate` of a step, from 0: rises over `warmup` steps, then stays. */
export function learningRateOf(peak: number, step: number, warmup: number): TensorData {
  return { shape: [], data: Float32Array.of(peak * Math.min(1, (step + 1) / warmup)) };
}
