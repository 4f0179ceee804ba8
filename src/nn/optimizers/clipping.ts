/** Clipping gradients by their common length (Pascanu et al., ICML 2013). */

import type { Tensor } from '../graph.js';
import { add, div, minimum, mul } from '../operations/arithmetic.js';
import { addAll, sqrt, square } from '../operations/elementwise.js';
import { sum } from '../operations/sum.js';

/** The Euclidean length of all gradients together, a scalar. */
export function globalNorm(gradients: readonly Tensor[]): Tensor {
  return sqrt(addAll(gradients.map((gradient) => sum(square(gradient)))));
}

/** The gradients, shortened together so that `norm`, their length, is at most `limit`. */
export function clipByNorm(gradients: readonly Tensor[], norm: Tensor, limit: number): Tensor[] {
  const scale = minimum(div(limit, add(norm, 1e-6)), 1);
  return gradients.map((gradient) => mul(gradient, scale));
}
