/** Reverse-mode differentiation as a rewrite from graph to graph. */

import { check } from '../core/errors.js';
import { type Tensor, constant, topologicalOrder } from './graph.js';
import { add } from './operations/arithmetic.js';
import { expandAs } from './operations/sum.js';
import { shapeText } from './types.js';

/** A result of a computation and the derivative of some scalar with respect to it, of the same shape. */
export interface Upstream {
  readonly output: Tensor;
  readonly gradient: Tensor;
}

/**
 * The derivatives of the scalar `loss` with respect to each of `targets`, as tensors of their shapes. They are
 * ordinary tensors: run them, use them in an optimizer's update, differentiate them again. A target that the loss does
 * not depend on gets zeros.
 */
export function gradients(loss: Tensor, targets: readonly Tensor[]): Tensor[] {
  check(loss.shape.length === 0 && loss.dtype === 'float32', () => {
    return `Only a float32 scalar can be differentiated, not ${loss.dtype} ${shapeText(loss.shape)}`;
  });
  return gradientsFrom([{ output: loss, gradient: constant(1) }], targets);
}

/**
 * The same for a computation in the middle of a larger one: the derivatives with respect to `targets` of the scalar whose
 * derivatives with respect to the outputs are given.
 */
export function gradientsFrom(upstreams: readonly Upstream[], targets: readonly Tensor[]): Tensor[] {
  const order = topologicalOrder(upstreams.map(({ output }) => output));
  const relevant = dependents(order, new Set(targets));
  const sums = new Map<Tensor, Tensor>();
  for (const { output, gradient } of upstreams) {
    const known = sums.get(output);
    sums.set(output, known === undefined ? gradient : add(known, gradient));
  }
  for (const tensor of order.reverse()) {
    const upstream = sums.get(tensor);
    if (upstream === undefined || tensor.kind !== 'computed' || !relevant.has(tensor)) continue;
    const parts = tensor.operation.gradient(tensor.inputs, tensor, upstream, tensor.attributes);
    tensor.inputs.forEach((operand, i) => {
      const part = parts[i];
      if (part === undefined || !relevant.has(operand)) return;
      const known = sums.get(operand);
      sums.set(operand, known === undefined ? part : add(known, part));
    });
  }
  return targets.map((target) => sums.get(target) ?? expandAs(constant(0), target));
}

/** The tensors whose value depends on one of `targets`, themselves included; no gradient is built for others. */
function dependents(order: readonly Tensor[], targets: ReadonlySet<Tensor>): Set<Tensor> {
  const found = new Set<Tensor>();
  for (const tensor of order) {
    const depends = tensor.kind === 'computed' && tensor.inputs.some((operand) => found.has(operand));
    if (depends || targets.has(tensor)) found.add(tensor);
  }
  return found;
}
