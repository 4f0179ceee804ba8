/** The optimizer's step of a transformer as a graph of its own, for gradients that were summed elsewhere. */

import { type Graph, type Tensor, graph, input, next } from '../../graph.js';
import { type AdamWOptions, adamW } from '../../optimizers/adamw.js';
import { clipByNorm, globalNorm } from '../../optimizers/clipping.js';
import { type StateTensor, States } from '../../optimizers/optimizer.js';
import type { TransformerConfiguration } from './configuration.js';
import { decays, transformerParameters } from './parameters.js';
import { gradientName } from './pieces.js';

/** An update and the state it needs. */
export interface TransformerUpdate {
  readonly graph: Graph;
  /** The weights, and what AdamW keeps of them. */
  readonly state: readonly StateTensor[];
}

/** Whether and how far gradients are shortened. */
export interface UpdateOptions {
  readonly optimizer: AdamWOptions;
  /** Largest length of the gradient; 0 for no clipping. */
  readonly clipNorm: number;
}

/**
 * The update by the gradients of the whole step: inputs `gradient:` + the name of each weight, as the backward pieces leave
 * them, and the scalar `learningRate`. Weights and moments are state. Reports `gradientNorm`, before clipping.
 */
export function transformerUpdate(configuration: TransformerConfiguration, options: UpdateOptions): TransformerUpdate {
  const gradients = transformerParameters(configuration).map(({ name, shape }) => input(gradientName(name), shape));
  const { outputs, state } = updateBy(configuration, options, {
    gradients,
    parameters: transformerParameters(configuration).map(({ name, shape }) => input(name, shape)),
  });
  return { graph: graph(outputs), state };
}

/** The outputs of an update, given the weights and their gradients in the order of `transformerParameters`. */
export function updateBy(
  configuration: TransformerConfiguration,
  { optimizer, clipNorm }: UpdateOptions,
  { parameters, gradients }: { readonly parameters: readonly Tensor[]; readonly gradients: readonly Tensor[] },
): { readonly outputs: Readonly<Record<string, Tensor>>; readonly state: readonly StateTensor[] } {
  const shapes = transformerParameters(configuration);
  const gradientNorm = globalNorm(gradients);
  const clipped = clipNorm > 0 ? clipByNorm(gradients, gradientNorm, clipNorm) : gradients;
  const states = new States();
  const trainables = shapes.map((shape, i) => ({
    name: shape.name,
    value: parameters[i]!,
    gradient: clipped[i]!,
    decays: decays(shape),
  }));
  const updated = adamW(optimizer)(trainables, input('learningRate', []), states);
  const following = [...updated, ...states.next].map(([name, tensor]) => [next(name), tensor] as const);
  const weights = shapes.map(({ name, shape }) => ({ name, shape, initial: { copyOf: name } }));
  return { outputs: { gradientNorm, ...Object.fromEntries(following) }, state: [...weights, ...states.declared] };
}
