/**
 * The training loss of a Go network: policy and value cross-entropy, ownership cross-entropy and Huber's loss of the
 * score, each with a weight a position and a weight of its own.
 */

import type { Tensor } from '../graph.js';
import { add, div, maximum, mul, sub } from '../operations/arithmetic.js';
import { abs, addAll, huber, neg, softplus, stopGradient } from '../operations/elementwise.js';
import { mean } from '../operations/reductions.js';
import { reshape } from '../operations/shape.js';
import { logSoftmax } from '../operations/softmax.js';
import { sum } from '../operations/sum.js';
import type { GoOutputs } from './go-resnet.js';

/** What the network should have said; N positions, from the side to move. */
export interface GoTargets {
  /** [N, A] probabilities. */
  readonly policy: Tensor;
  /** [N] multiplies `weight` for the policy loss alone: 0 for positions whose search was too small to learn from. */
  readonly policyWeight: Tensor;
  /** [N, 3] probabilities of win, draw, loss. */
  readonly value: Tensor;
  /** [N, S²] in [−1, 1]. */
  readonly ownership: Tensor;
  /** [N] points. */
  readonly score: Tensor;
  /** [N] weight of the position. */
  readonly weight: Tensor;
}

/** How much each part counts. */
export interface LossWeights {
  readonly policy: number;
  readonly value: number;
  readonly ownership: number;
  readonly score: number;
}

/** Scalars. The parts are weighted means over the batch, before their own weights: comparable between batches. */
export interface GoLosses {
  /** What is minimised: Σ over parts of part weight · Σ over positions of position weight · term / N. */
  readonly loss: Tensor;
  readonly policyLoss: Tensor;
  readonly valueLoss: Tensor;
  readonly ownershipLoss: Tensor;
  readonly scoreLoss: Tensor;
}

/** Score errors beyond this many board sides count linearly, so that one lost game does not outweigh the batch. */
const SCORE_DELTA = 1;

/** How positions count together. */
export interface LossBatch {
  /** N, if the outputs are of a part of the batch only; else all are there. */
  readonly positions?: number;
  /** Marks sums over positions. */
  readonly total?: (sum: Tensor) => Tensor;
}

/** Builds the losses of `outputs`; the batch size must be concrete. */
export function goLoss(
  outputs: GoOutputs,
  targets: GoTargets,
  weights: LossWeights,
  { positions = outputs.policy.shape[0]!, total = (tensor): Tensor => tensor }: LossBatch = {},
): GoLosses {
  const side = Math.sqrt(outputs.ownership.shape[1]!);
  const policyTerms = neg(sum(mul(targets.policy, logSoftmax(outputs.policy, 1)), [1]));
  const valueTerms = neg(sum(mul(targets.value, logSoftmax(outputs.value, 1)), [1]));
  const ownershipTerms = mean(binaryCrossEntropy(outputs.ownershipLogits, targets.ownership), [1]);
  const scoreTerms = scoreLosses(outputs, targets.score, side);

  const part = (terms: Tensor, weight: Tensor, own: number): { loss: Tensor; reported: Tensor } => {
    const weighted = total(sum(mul(terms, weight)));
    // A batch without any weight reports 0, not 0 / 0.
    return { loss: mul(weighted, own / positions), reported: div(weighted, maximum(total(sum(weight)), 1e-6)) };
  };
  const policy = part(policyTerms, mul(targets.weight, targets.policyWeight), weights.policy);
  const value = part(valueTerms, targets.weight, weights.value);
  const ownership = part(ownershipTerms, targets.weight, weights.ownership);
  const score = part(scoreTerms, targets.weight, weights.score);
  return {
    loss: addAll([policy.loss, value.loss, ownership.loss, score.loss]),
    policyLoss: policy.reported,
    valueLoss: value.reported,
    ownershipLoss: ownership.reported,
    scoreLoss: score.reported,
  };
}

/** [N]: of the score, and of its deviation and the lead where the network says them. The lead is taught as the score. */
function scoreLosses({ score, scoreStdev, lead }: GoOutputs, target: Tensor, side: number): Tensor {
  const batch = target.shape[0]!;
  const off = (output: Tensor): Tensor => mul(sub(reshape(output, [batch]), target), 1 / side);
  const terms = [huber(off(score), SCORE_DELTA)];
  if (lead !== undefined) terms.push(huber(off(lead), SCORE_DELTA));
  if (scoreStdev !== undefined) {
    // What a normal distribution deviates on average is this much less than its standard deviation.
    const deviation = mul(stopGradient(abs(off(score))), Math.sqrt(Math.PI / 2));
    terms.push(huber(sub(mul(reshape(scoreStdev, [batch]), 1 / side), deviation), SCORE_DELTA));
  }
  return addAll(terms);
}

/** Of p = (1 + tanh z) / 2 = sigmoid(2z) against (1 + target) / 2, from z: exact where the hyperbolic tangent saturates. */
function binaryCrossEntropy(z: Tensor, target: Tensor): Tensor {
  return sub(softplus(mul(z, 2)), mul(z, add(target, 1)));
}
