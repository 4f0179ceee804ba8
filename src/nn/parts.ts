/**
 * Cuts a training step into what is computed for every part of a batch and what is computed once from the totals. The cut
 * runs along the tensors that the step marks with `total`.
 */

import { type Graph, type Tensor, graph, input } from './graph.js';
import { TOTAL } from './operations/total.js';

/** A step in two graphs. */
export interface PartedStep {
  /** From some positions and the parameters to their share of each total, by the total's name. */
  readonly part: Graph;
  /** From the totals, the state and the remaining inputs to what the step gives. */
  readonly whole: Graph;
  readonly totals: ReadonlyMap<string, Tensor>;
}

/** The two graphs; `undefined` if the step marks no totals. */
export function partStep(step: Graph): PartedStep | undefined {
  const totals = new Map<string, Tensor>();
  const replaced = new Map<Tensor, Tensor>();
  const shares: Record<string, Tensor> = {};
  for (const tensor of step.order) {
    if (tensor.kind !== 'computed') continue;
    if (tensor.operation.name === TOTAL) {
      const name = `total:${totals.size}`;
      shares[name] = tensor.inputs[0]!;
      replaced.set(tensor, input(name, tensor.shape, tensor.dtype));
      totals.set(name, tensor);
      continue;
    }
    const inputs = tensor.inputs.map((operand) => replaced.get(operand) ?? operand);
    if (inputs.some((operand, i) => operand !== tensor.inputs[i])) replaced.set(tensor, { ...tensor, inputs });
  }
  if (totals.size === 0) return undefined;
  const outputs = [...step.outputs].map(([name, tensor]) => [name, replaced.get(tensor) ?? tensor] as const);
  return { part: graph(shares), whole: graph(Object.fromEntries(outputs)), totals };
}
