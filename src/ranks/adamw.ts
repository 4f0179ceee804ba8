/**
 * AdamW (Loshchilov & Hutter, ICLR 2019, algorithm 2) on a range of flat arrays, with PyTorch's place for ε: each rank
 * updates its share. Computed in doubles and rounded once, so shares may be cut anywhere without changing a bit.
 */

import type { ParameterLayout, StateCopy } from './training-state.js';

/** Settings of AdamW for one step. */
export interface AdamWStep {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled from the gradient. */
  readonly weightDecay: number;
  /** Number of this update, from 1; for the bias correction. */
  readonly update: number;
  /** What the gradient is multiplied by: clipping. */
  readonly scale: number;
}

/**
 * Writes the elements `range` of the next copy.
 *
 * @param gradient its first element belongs to `range.start`
 */
export function adamWShare(
  layout: ParameterLayout,
  from: StateCopy,
  to: StateCopy,
  gradient: Float32Array,
  range: { readonly start: number; readonly end: number },
  step: AdamWStep,
): void {
  const [decayed, plain] = [constantsOf(step, step.weightDecay), constantsOf(step, 0)];
  for (const { offset, length, decays } of layout.parameters) {
    const start = Math.max(range.start, offset);
    const end = Math.min(range.end, offset + length);
    if (start >= end) continue;
    const part = gradient.subarray(start - range.start, end - range.start);
    updateRange(viewOf(from, start, end), viewOf(to, start, end), part, decays ? decayed : plain);
  }
}

/** lr / (1 − β₁ᵗ), 1 / √(1 − β₂ᵗ), what weight decay leaves, β₁, β₂, ε, the factor of the gradient. */
function constantsOf(step: AdamWStep, weightDecay: number): Float64Array {
  const { learningRate, beta1, beta2, epsilon, update, scale } = step;
  return Float64Array.of(
    learningRate / (1 - beta1 ** update),
    1 / Math.sqrt(1 - beta2 ** update),
    1 - learningRate * weightDecay,
    ...[beta1, beta2, epsilon, scale],
  );
}

function viewOf({ weights, mean, square }: StateCopy, start: number, end: number): StateCopy {
  const part = (flat: Float32Array): Float32Array => flat.subarray(start, end);
  return { weights: part(weights), mean: part(mean), square: part(square) };
}

/**
 * All arrays have the same length. The constants come in an array because numbers out of an object that came from another
 * thread make the compiler give up on this loop after a few steps, and it is then ten times slower.
 */
function updateRange(from: StateCopy, to: StateCopy, gradient: Float32Array, constants: Float64Array): void {
  const [rate, rootCorrection, keep] = [constants[0]!, constants[1]!, constants[2]!];
  const [beta1, beta2, epsilon, scale] = [constants[3]!, constants[4]!, constants[5]!, constants[6]!];
  const { weights, mean, square } = from;
  const { weights: nextWeights, mean: nextMean, square: nextSquare } = to;
  for (let i = 0; i < gradient.length; i++) {
    const g = gradient[i]! * scale;
    const m = beta1 * mean[i]! + (1 - beta1) * g;
    const v = beta2 * square[i]! + (1 - beta2) * g * g;
    nextMean[i] = m;
    nextSquare[i] = v;
    nextWeights[i] = weights[i]! * keep - (rate * m) / (Math.sqrt(v) * rootCorrection + epsilon);
  }
}
