/**
 * The loss of reinforcement fine-tuning by groups (GRPO: Shao et al., "DeepSeekMath", 2024, eq. 3; clip-higher: Yu et al.,
 * "DAPO", 2025, eq. 8; what differs between GRPO, Dr. GRPO, DAPO and RLOO otherwise is in the advantages and in the
 * weights of the tokens, which come from outside).
 *
 * | symbol | meaning                                                                             |
 * |--------|-------------------------------------------------------------------------------------|
 * | ρ      | probability of the token now / when it was drawn                                    |
 * | A      | advantage of its completion                                                         |
 * | w      | weight of the token; all weights of a step together carry the loss's division       |
 * | D      | estimate of the divergence from the reference: k1, k2 or k3 (Schulman, "Approximating KL divergence", 2020) |
 * | H      | entropy of the distribution that the token was drawn from                           |
 *
 * loss = Σ w · (−min(ρ A, clip(ρ, 1 − low, 1 + high) A) + β D − c H)
 */

import { type Graph, type Tensor, constant, graph, input, next } from '../../graph.js';
import { gradients } from '../../gradients.js';
import { add, cast, clip, equal, greater, minimum, mul, sub, where } from '../../operations/arithmetic.js';
import { exp, square } from '../../operations/elementwise.js';
import { accumulate } from '../../operations/gemm.js';
import { logSoftmax } from '../../operations/softmax.js';
import { sum } from '../../operations/sum.js';
import type { TransformerConfiguration } from './configuration.js';
import { transformerParameters } from './parameters.js';
import { gradientName } from './pieces.js';
import { headOf, type RowShape, transformerOnRows, weightInputs } from './rows.js';

/** Estimates of the divergence, from ln(now / reference) = −d: −d, d² / 2, and eᵈ − d − 1. */
export const divergences = ['k1', 'k2', 'k3'] as const;

export interface PolicyLossOptions {
  /** ρ counts in full down to 1 − clipLow and up to 1 + clipHigh. */
  readonly clipLow: number;
  readonly clipHigh: number;
  /** β; 0 asks for no reference. */
  readonly klCoefficient: number;
  readonly klEstimator: (typeof divergences)[number];
  /** c, the factor of the entropy. */
  readonly entropyCoefficient: number;
  /** Logits are divided by it, as they were when the tokens were drawn. */
  readonly temperature: number;
}

/** The scalars that a loss reports: the loss itself, and sums over the counted tokens. */
export const policySums = ['loss', 'kl', 'entropy', 'clippedLow', 'clippedHigh', 'oldKl'] as const;

/**
 * The loss of logits [T, V] and its sums. Declares, all [T, 1]: `targets`, the tokens as numbers; `weights`, w; `counted`,
 * 1 for the tokens of completions and else 0; `advantages`; `oldLogProbabilities`; and, if there is a β,
 * `referenceLogProbabilities`. `kl` is D and `oldKl` is k3 of the distribution when the token was drawn.
 */
export function policyLoss(
  logits: Tensor,
  options: PolicyLossOptions,
): Readonly<Record<(typeof policySums)[number], Tensor>> {
  const { clipLow, clipHigh, klCoefficient, klEstimator, entropyCoefficient } = options;
  const column = (name: string): Tensor => input(name, [logits.shape[0]!, 1]);
  const [weights, counted, advantages] = [column('weights'), column('counted'), column('advantages')];
  const all = temperedLog(logits, options.temperature);
  const likelihood = ofTargets(all);
  const change = sub(likelihood, column('oldLogProbabilities'));
  const ratio = exp(change);
  const limited = clip(ratio, 1 - clipLow, 1 + clipHigh);
  // Where both are equal the gradient goes to the second.
  const gain = minimum(mul(limited, advantages), mul(ratio, advantages));
  const entropy = mul(sum(mul(exp(all), all), [1], true), -1);
  const kl =
    klCoefficient > 0 ? divergence(klEstimator, sub(column('referenceLogProbabilities'), likelihood)) : mul(change, 0);
  const cost = add(sub(mul(kl, klCoefficient), gain), mul(entropy, -entropyCoefficient));
  const isLow = greater(0, mul(advantages, where(greater(1 - clipLow, ratio), 1, 0)));
  const isHigh = greater(mul(advantages, where(greater(ratio, 1 + clipHigh), 1, 0)), 0);
  const total = (x: Tensor): Tensor => sum(mul(x, counted));
  return {
    loss: sum(mul(cost, weights)),
    kl: total(kl),
    entropy: total(entropy),
    clippedLow: total(cast(isLow, 'float32')),
    clippedHigh: total(cast(isHigh, 'float32')),
    oldKl: total(divergence('k3', mul(change, -1))),
  };
}

/**
 * The gradients of the loss on a rectangle of rows: inputs of `transformerOnRows` and of `policyLoss`, the weights, and the
 * gradients so far as `gradient:` + name. Gives the sums, and the gradients with this share added as
 * `next(gradient:name)`, as the backward pieces do.
 */
export function policyGradientGraph(
  configuration: TransformerConfiguration,
  shape: RowShape,
  options: PolicyLossOptions,
): Graph {
  const parameter = weightInputs(configuration);
  const { normed } = transformerOnRows(configuration, parameter, shape);
  const sums = policyLoss(headOf(configuration, parameter, normed), options);
  const parameters = transformerParameters(configuration);
  const shares = gradients(
    sums.loss,
    parameters.map(({ name }) => parameter(name)),
  );
  const totals = parameters.map(({ name, shape: of }, i) => {
    const total = input(gradientName(name), of);
    return [next(gradientName(name)), accumulate(total, shares[i]!)] as const;
  });
  return graph({ ...sums, ...Object.fromEntries(totals) });
}

/** `logProbabilities` [T, 1] of `targets` [T, 1] on a rectangle of rows, for a frozen reference. */
export function likelihoodGraph(configuration: TransformerConfiguration, shape: RowShape, temperature: number): Graph {
  const parameter = weightInputs(configuration);
  const { normed } = transformerOnRows(configuration, parameter, shape);
  const all = temperedLog(headOf(configuration, parameter, normed), temperature);
  return graph({ logProbabilities: ofTargets(all) });
}

function temperedLog(logits: Tensor, temperature: number): Tensor {
  return logSoftmax(temperature === 1 ? logits : mul(logits, 1 / temperature));
}

function ofTargets(logProbabilities: Tensor): Tensor {
  const [rows, vocabulary] = logProbabilities.shape;
  const tokens = Float32Array.from({ length: vocabulary! }, (_, token) => token);
  const isTarget = equal(input('targets', [rows!, 1]), constant(tokens, [1, vocabulary!]));
  return sum(where(isTarget, logProbabilities, 0), [1], true);
}

/** D from d = ln(reference / now). */
function divergence(estimator: PolicyLossOptions['klEstimator'], d: Tensor): Tensor {
  switch (estimator) {
    case 'k1':
      return mul(d, -1);
    case 'k2':
      return mul(square(d), 0.5);
    case 'k3':
      return sub(sub(exp(d), d), 1);
  }
}
