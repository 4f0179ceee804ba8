/** Graphs as plain data, to cross to a thread: tensors by their place in the order, operations by their name. */

import {
  apply,
  type ConstantTensor,
  type Graph,
  graph,
  type InputTensor,
  operationNamed,
  type Tensor,
} from './graph.js';
import './operations/all.js';

/** A graph that `structuredClone` can copy. */
export interface GraphData {
  /** Each tensor after its operands. */
  readonly order: readonly (InputTensor | ConstantTensor | ComputedData)[];
  readonly outputs: readonly (readonly [name: string, place: number])[];
}

interface ComputedData {
  readonly kind: 'computed';
  readonly operation: string;
  /** Places of the operands. */
  readonly inputs: readonly number[];
  readonly attributes: unknown;
}

/** Takes a graph apart. */
export function graphData({ order, outputs }: Graph): GraphData {
  const places = new Map(order.map((tensor, place) => [tensor, place]));
  return {
    order: order.map((tensor) => {
      if (tensor.kind !== 'computed') return tensor;
      const { kind, operation, inputs, attributes } = tensor;
      return { kind, operation: operation.name, inputs: inputs.map((operand) => places.get(operand)!), attributes };
    }),
    outputs: [...outputs].map(([name, tensor]) => [name, places.get(tensor)!]),
  };
}

/** Puts a graph together again. */
export function graphOf({ order, outputs }: GraphData): Graph {
  const tensors: Tensor[] = [];
  for (const tensor of order) {
    if (tensor.kind !== 'computed') {
      tensors.push(tensor);
      continue;
    }
    const operands = tensor.inputs.map((place) => tensors[place]!);
    tensors.push(apply(operationNamed(tensor.operation), operands, tensor.attributes));
  }
  return graph(Object.fromEntries(outputs.map(([name, place]) => [name, tensors[place]!])));
}
