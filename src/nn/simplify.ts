/** Merges tensors that compute the same thing, so that a graph made by rules is as small as one made by hand. */

import { type ComputedTensor, type ConstantTensor, type Graph, type Tensor, graph } from './graph.js';

/**
 * The same graph with equal computations merged (same operation, attributes and operands; equal scalar constants).
 * Unused tensors are gone already: a `Graph` holds only what its outputs need.
 */
export function simplify(original: Graph): Graph {
  const merged = new Map<Tensor, Tensor>();
  const numbers = new Map<Tensor, number>();
  const known = new Map<string, Tensor>();
  for (const tensor of original.order) {
    const rebuilt = withOperands(tensor, merged);
    const key = keyOf(rebuilt, numbers);
    const same = key === undefined ? undefined : known.get(key);
    merged.set(tensor, same ?? rebuilt);
    if (same !== undefined) continue;
    numbers.set(rebuilt, numbers.size);
    if (key !== undefined) known.set(key, rebuilt);
  }
  const outputs = [...original.outputs].map(([name, tensor]) => [name, merged.get(tensor)!] as const);
  return graph(Object.fromEntries(outputs));
}

function withOperands(tensor: Tensor, merged: ReadonlyMap<Tensor, Tensor>): Tensor {
  if (tensor.kind !== 'computed') return tensor;
  const inputs = tensor.inputs.map((operand) => merged.get(operand)!);
  return inputs.every((operand, i) => operand === tensor.inputs[i]) ? tensor : { ...tensor, inputs };
}

/** Equal keys mean equal values; `undefined` for what is never merged. */
function keyOf(tensor: Tensor, numbers: ReadonlyMap<Tensor, number>): string | undefined {
  if (tensor.kind === 'computed') return computedKey(tensor, numbers);
  if (tensor.kind === 'constant') return constantKey(tensor);
  return undefined;
}

function computedKey(tensor: ComputedTensor, numbers: ReadonlyMap<Tensor, number>): string {
  const operands = tensor.inputs.map((operand) => numbers.get(operand)!).join();
  return `${tensor.operation.name}(${operands})${JSON.stringify(tensor.attributes)}`;
}

function constantKey(tensor: ConstantTensor): string | undefined {
  return tensor.data.length > 1 ? undefined : `${tensor.dtype} [${tensor.shape.join()}] ${String(tensor.data[0])}`;
}
