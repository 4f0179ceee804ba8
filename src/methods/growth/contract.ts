/**
 * The tensor-ring matrix-product operator applied to M, one core at a time, so that the full map from every source weight to
 * every target weight is never built. Cores are [left bond, source length, target length, right bond].
 */

import { assert } from '../../core/errors.js';
import type { Tensor } from '../../nn/graph.js';
import { gemm } from '../../nn/operations/gemm.js';
import { reshape, transpose } from '../../nn/operations/shape.js';
import { sizeOf } from '../../nn/types.js';
import { type Axis, type Bundle, ringOf } from './bundle.js';

/** A tensor whose dimensions have names: those of axes, and of the two open bonds. */
interface Labelled {
  readonly tensor: Tensor;
  readonly labels: readonly string[];
}

/** The bond of the first core to the second, closed last; and the bond to the core absorbed next. */
const CLOSING = 'closing';
const OPEN = 'open';

/**
 * M₂ = Σ S_B[r₁,b₁,b₂,r₂] · … · S_L[rₙ,l₁,l₂,r₁] · M₁ over bonds and source indices. The ring is walked backwards from its
 * first core: each core then shares a bond with what is there already, and the axes that grow most come last.
 *
 * @param m1 in the order of the bundle's axes
 */
export function contract(bundle: Bundle, m1: Tensor, core: (name: string) => Tensor): Tensor {
  const ring = ringOf(bundle);
  const order = bundle.axes.map(({ name }) => name);
  let state: Labelled = { tensor: m1, labels: order };
  if (ring.length === 1) {
    const { shape } = core(ring[0]!.core!);
    assert(shape[0] === 1 && shape[3] === 1, 'a core alone has no bonds');
    state = absorb(state, ring[0]!, reshape(core(ring[0]!.core!), [shape[1]!, shape[2]!]), []);
  } else if (ring.length > 1) {
    state = open(state, ring[0]!, core(ring[0]!.core!));
    for (const axis of ring.slice(2).reverse()) state = step(state, axis, core(axis.core!));
    state = close(state, ring[1]!, core(ring[1]!.core!));
  }
  return arrange(state, order).tensor;
}

/** Multiplications of `contract` by ranks and lengths; `bonds[i]` is the left bond of core i of the ring. */
export function contractionCost(bundle: Bundle, bonds: readonly number[]): number {
  const ring = ringOf(bundle);
  const now = new Map(bundle.axes.map(({ name, from }) => [name, from]));
  let total = 0;
  const charge = (axis: Axis, factor: number): void => {
    total += factor * sizeOf([...now.values()]) * axis.to;
    now.set(axis.name, axis.to);
  };
  if (ring.length === 0) return 0;
  const second = ring.length > 1 ? bonds[1]! : 1;
  if (ring.length === 1) charge(ring[0]!, 1);
  else {
    charge(ring[0]!, bonds[0]! * second);
    for (let i = ring.length - 1; i >= 2; i--) {
      charge(ring[i]!, second * bonds[i]! * bonds[(i + 1) % ring.length]!);
    }
    charge(ring[1]!, second * bonds[2 % ring.length]!);
  }
  return total;
}

function open(state: Labelled, axis: Axis, core: Tensor): Labelled {
  const [left, from, to, right] = core.shape as [number, number, number, number];
  const matrix = reshape(transpose(core, [1, 0, 3, 2]), [from, left * right * to]);
  return absorb(state, axis, matrix, [
    [OPEN, left],
    [CLOSING, right],
  ]);
}

function step(state: Labelled, axis: Axis, core: Tensor): Labelled {
  const [left, from, to, right] = core.shape as [number, number, number, number];
  const matrix = reshape(transpose(core, [3, 1, 0, 2]), [right * from, left * to]);
  return absorb(state, axis, matrix, [[OPEN, left]], [OPEN]);
}

function close(state: Labelled, axis: Axis, core: Tensor): Labelled {
  const [left, from, to, right] = core.shape as [number, number, number, number];
  const matrix = reshape(transpose(core, [3, 0, 1, 2]), [right * left * from, to]);
  return absorb(state, axis, matrix, [], [OPEN, CLOSING]);
}

/** One product: sums over `summed` and the axis's source index, and gains the bonds `made` and its target index. */
function absorb(
  state: Labelled,
  axis: Axis,
  matrix: Tensor,
  made: readonly (readonly [string, number])[],
  summed: readonly string[] = [],
): Labelled {
  const rest = state.labels.filter((label) => label !== axis.name && !summed.includes(label));
  const { tensor } = arrange(state, [...rest, ...summed, axis.name]);
  const kept = tensor.shape.slice(0, rest.length);
  const product = gemm(reshape(tensor, [sizeOf(kept), matrix.shape[0]!]), matrix);
  return {
    tensor: reshape(product, [...kept, ...made.map(([, length]) => length), axis.to]),
    labels: [...rest, ...made.map(([label]) => label), axis.name],
  };
}

function arrange({ tensor, labels }: Labelled, order: readonly string[]): Labelled {
  return {
    tensor: transpose(
      tensor,
      order.map((label) => labels.indexOf(label)),
    ),
    labels: order,
  };
}
