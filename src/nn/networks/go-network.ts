/** What all kinds of Go networks have in common: parameters by name, a forward pass, and the boards that they play. */

import type { Rng } from '../../core/rng.js';
import { type Tensor, input } from '../graph.js';
import { sizeOf } from '../types.js';
import { type Architecture, checkArchitecture } from './architecture.js';
import { type GoOutputs, type Parameter, goResnet, goTrunk, parameters } from './go-resnet.js';
import { type KatagoArchitecture, checkKatago } from './katago/architecture.js';
import { katagoParameters } from './katago/layers.js';
import { katagoNetwork, katagoTrunk } from './katago/network.js';
import { asGoOutputs } from './katago/outputs.js';

export type GoArchitecture = Architecture | KatagoArchitecture;

/**
 * Checks a description that comes from outside.
 *
 * @throws AppError 'invalid-argument' naming the field, the value seen and the values allowed
 */
export function checkGoArchitecture(value: unknown): GoArchitecture {
  const isKatago = typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'katago';
  return isKatago ? checkKatago(value) : checkArchitecture(value);
}

/** Smallest and largest board that a network plays, points on a side. */
export function boardsOf(architecture: GoArchitecture): readonly [smallest: number, largest: number] {
  return architecture.kind === 'katago' ? architecture.boards : [architecture.size, architecture.size];
}

/** Positions; with fewer, what a run of the network costs however small it is counts too much. */
const SMALLEST_PART = 8;

/** How many positions on boards of `size` to compute at once, so that a layer of the trunk has about so many numbers. */
export function positionsInPart({ channels }: GoArchitecture, size: number, numbers: number): number {
  return Math.max(SMALLEST_PART, Math.round(numbers / (channels * size * size)));
}

/** Every parameter in a fixed order. Convolution filters are [out, in, K, K], matrices [in, out]. */
export function goParameters(architecture: GoArchitecture): Parameter[] {
  return architecture.kind === 'katago' ? katagoParameters(architecture) : parameters(architecture);
}

/** Every parameter as an input of a graph, by name. */
export function parameterInputs(architecture: GoArchitecture): Map<string, Tensor> {
  return new Map(goParameters(architecture).map(({ name, shape }) => [name, input(name, shape)]));
}

/** Random weights for a new network; draws from `rng`. */
export function initialWeights(
  architecture: GoArchitecture,
  rng: Rng,
): Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }> {
  const weights = new Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }>();
  for (const { name, shape, deviation, mean = 0 } of goParameters(architecture)) {
    const data = new Float32Array(sizeOf(shape)).fill(mean);
    if (deviation > 0) for (let i = 0; i < data.length; i++) data[i] = mean + deviation * rng.normal();
    weights.set(name, { shape, data });
  }
  return weights;
}

/**
 * The forward pass for training.
 *
 * @param parameter the tensor of a parameter by name
 * @param planes [N, P, S, S]; N may be `BATCH`
 * @param globals [N, G]
 */
export function goOutputs(
  architecture: GoArchitecture,
  parameter: (name: string) => Tensor,
  planes: Tensor,
  globals: Tensor,
): GoOutputs {
  if (architecture.kind === 'go-resnet') return goResnet(architecture, parameter, planes, globals);
  return asGoOutputs(architecture, katagoNetwork(architecture, parameter, planes, globals));
}

/** The part of the forward pass before the heads: [N, C, S, S]. */
export function goFeatures(
  architecture: GoArchitecture,
  parameter: (name: string) => Tensor,
  planes: Tensor,
  globals: Tensor,
): Tensor {
  return architecture.kind === 'go-resnet'
    ? goTrunk(architecture, parameter, planes, globals)
    : katagoTrunk(architecture, parameter, planes, globals);
}
