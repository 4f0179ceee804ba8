/** The loss of a language model. */

import { type Tensor, constant, input } from '../../graph.js';
import { div, equal, mul, where } from '../../operations/arithmetic.js';
import { logSoftmax } from '../../operations/softmax.js';
import { sum } from '../../operations/sum.js';

/**
 * Σ weight · −log p(target) / normaliser over rows of logits [T, V]. Declares the inputs `targets` and `weights`, both
 * [T, 1] float32, and the scalar `normaliser`: the weight of the whole global batch, so that the losses and gradients of
 * its parts add up to those of the whole however it was divided.
 */
export function nextTokenLoss(logits: Tensor): Tensor {
  const [rows, vocabulary] = logits.shape;
  const tokens = Float32Array.from({ length: vocabulary! }, (_, token) => token);
  const isTarget = equal(input('targets', [rows!, 1]), constant(tokens, [1, vocabulary!]));
  const likelihood = sum(where(isTarget, logSoftmax(logits), 0), [1], true);
  const total = sum(mul(likelihood, mul(input('weights', [rows!, 1]), -1)));
  return div(total, input('normaliser', []));
}
