/**
 * What of a serving graph is computed in whole numbers of eight bits: the convolutions of the trunk. Heads stay in
 * float32, where a rounding would reach the answers undamped.
 */

import type { ComputedTensor, Graph, Tensor } from '../graph.js';

/** A convolution with fewer filters than this is a head's last layer. */
const FEWEST_FILTERS = 8;

/** The convolutions of the trunk: those from which another one, no head's last layer, is reached. */
export function quantizedConvolutions({ order }: Graph): Set<Tensor> {
  const leadsOn = new Set<Tensor>();
  const found = new Set<Tensor>();
  for (const tensor of [...order].reverse()) {
    if (tensor.kind !== 'computed') continue;
    if (isConvolution(tensor) && leadsOn.has(tensor) && tensor.inputs[1]!.kind === 'input') found.add(tensor);
    const passesOn = leadsOn.has(tensor) || (isConvolution(tensor) && tensor.shape[1]! >= FEWEST_FILTERS);
    if (passesOn) for (const operand of tensor.inputs) leadsOn.add(operand);
  }
  return found;
}

/** The tensors whose ranges have to be known, in the order of the graph; each is an image [N, C, H, W]. */
export function observedTensors(graph: Graph): Tensor[] {
  const convolutions = quantizedConvolutions(graph);
  const observed = new Set<Tensor>();
  const consumers = consumersOf(graph);
  for (const tensor of convolutions) {
    observed.add((tensor as ComputedTensor).inputs[0]!);
    const { result } = fusedChain(tensor, consumers);
    observed.add(result);
    for (const sum of consumers.get(result) ?? []) {
      if (sum.operation.name === 'add') observed.add(fusedChain(sum, consumers).result);
    }
  }
  return graph.order.filter((tensor) => observed.has(tensor));
}

/** For every tensor, the computed ones that take it. */
export function consumersOf({ order }: Graph): Map<Tensor, ComputedTensor[]> {
  const consumers = new Map<Tensor, ComputedTensor[]>();
  for (const tensor of order) {
    if (tensor.kind !== 'computed') continue;
    for (const operand of new Set(tensor.inputs)) consumers.set(operand, [...(consumers.get(operand) ?? []), tensor]);
  }
  return consumers;
}

/** What is computed together with a tensor, each of it taken by nothing else before the end. */
export interface FusedChain {
  /** The scale and bias of its channels, after a convolution: they go into the filters. */
  readonly affine?: ComputedTensor;
  /** The last tensor of the chain: the rectified one, if it is rectified. Numbers without a sign rectify by themselves. */
  readonly result: Tensor;
}

/** The chain that begins with a convolution or a sum. */
export function fusedChain(tensor: Tensor, consumers: ReadonlyMap<Tensor, readonly ComputedTensor[]>): FusedChain {
  const only = (of: Tensor, name: string): ComputedTensor | undefined => {
    const [consumer, ...others] = consumers.get(of) ?? [];
    return others.length === 0 && consumer?.operation.name === name ? consumer : undefined;
  };
  const isFoldable = (affine: ComputedTensor): boolean => affine.inputs.slice(1).every(({ kind }) => kind === 'input');
  const next = tensor.kind === 'computed' && isConvolution(tensor) ? only(tensor, 'channelAffine') : undefined;
  const affine = next && isFoldable(next) ? next : undefined;
  const result = only(affine ?? tensor, 'relu') ?? affine ?? tensor;
  return { ...(affine && { affine }), result };
}

function isConvolution(tensor: ComputedTensor): boolean {
  return tensor.operation.name === 'conv2d';
}
