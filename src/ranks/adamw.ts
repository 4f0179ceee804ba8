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

/** @param gradient its first element belongs to `start` */
function updateRange(
  from: StateCopy,
  to: StateCopy,
  gradient: Float32Array,
  { start, end }: { readonly start: number; readonly end: number },
  { learningRate, beta1, beta2, epsilon, weightDecay, update, scale }: AdamWStep,
): void {
  const rate = learningRate / (1 - beta1 ** update);
  const rootCorrection = 1 / Math.sqrt(1 - beta2 ** update);
  const keep = 1 - learningRate * weightDecay;
  const { weights, mean, square } = from;
  for (let i = start; i < end; i++) {
    const g = gradient[i - start]! * scale;
    const m = beta1 * mean[i]! + (1 - beta1) * g;
    const v = beta2 * square[i]! + (1 - beta2) * g * g;
    to.mean[i] = m;
    to.square[i] = v;
    to.weights[i] = weights[i]! * keep - (rate * m) / (Math.sqrt(v) * rootCorrection + epsilon);
  }
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
  for (const { offset, length, decays } of layout.parameters) {
    const start = Math.max(range.start, offset);
    const end = Math.min(range.end, offset + length);
    if (start >= end) continue;
    const part = gradient.subarray(start - range.start, end - range.start);
    updateRange(from, to, part, { start, end }, { ...step, weightDecay: decays ? step.weightDecay : 0 });
  }
}
