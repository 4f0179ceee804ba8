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
    const result = fusedRelu(tensor, consumers) ?? tensor;
    observed.add(result);
    for (const sum of consumers.get(result) ?? []) {
      if (sum.operation.name === 'add') observed.add(fusedRelu(sum, consumers) ?? sum);
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

/** The rectifier of a tensor that nothing else takes: numbers without a sign rectify by being cut off at zero. */
export function fusedRelu(
  tensor: Tensor,
  consumers: ReadonlyMap<Tensor, readonly ComputedTensor[]>,
): ComputedTensor | undefined {
  const [consumer, ...others] = consumers.get(tensor) ?? [];
  return others.length === 0 && consumer?.operation.name === 'relu' ? consumer : undefined;
}

function isConvolution(tensor: ComputedTensor): boolean {
  return tensor.operation.name === 'conv2d';
}
