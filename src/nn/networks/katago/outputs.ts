/**
 * What raw outputs of a KataGo network mean, for serving and for training (cpp/neuralnet/nneval.cpp). KataGo sees White's
 * side; here everything is for the side to move.
 */

import type { Tensor } from '../../graph.js';
import { add, maximum, mul, sub } from '../../operations/arithmetic.js';
import { softplus, sqrt, square, tanh } from '../../operations/elementwise.js';
import { concat, reshape, sliceAxis } from '../../operations/shape.js';
import { softmax } from '../../operations/softmax.js';
import type { GoOutputs } from '../go-resnet.js';
import type { KatagoArchitecture } from './architecture.js';
import type { KatagoOutputs } from './network.js';

/** Globals of the feature set katago-7: 0 under the simple ko rule; 1 under territory scoring. */
const KO_GLOBAL = 6;
const TERRITORY_GLOBAL = 9;
/** Taken off the logit of what cannot happen. */
const IMPOSSIBLE = 100_000;

/** The outputs as training and serving of our own networks know them. Games without a result count as drawn. */
export function asGoOutputs({ multipliers }: KatagoArchitecture, outputs: KatagoOutputs): GoOutputs {
  const column = columnsOf(outputs.result);
  const scores = columnsOf(outputs.scores);
  return {
    policy: policyOf(outputs),
    value: concat([column(0), column(2), column(1)], 1),
    score: mul(scores(0), multipliers.scoreMean),
    scoreStdev: mul(softplus(scores(1)), multipliers.scoreStdev),
    lead: mul(scores(2), multipliers.lead),
    ownershipLogits: outputs.ownership,
    ownership: tanh(outputs.ownership),
  };
}

/** Targets of the value [N, 3]: KataGo counts a drawn game as half won and half lost. */
export function withoutDraws(target: Tensor): Tensor {
  const column = columnsOf(target);
  const half = mul(column(1), 0.5);
  return concat([add(column(0), half), mul(half, 0), add(column(2), half)], 1);
}

/**
 * The outputs of a serving graph; see networks/serving.ts. No game without a result is expected where superko and area
 * scoring make it impossible; otherwise it counts as a score of 0.
 *
 * @param globals [N, G], the network's input
 */
export function servedOutputs(
  architecture: KatagoArchitecture,
  outputs: KatagoOutputs,
  globals: Tensor,
): Record<string, Tensor> {
  const { version, multipliers } = architecture;
  const result = columnsOf(outputs.result);
  const given = columnsOf(globals);
  const hasSuperko = mul(given(KO_GLOBAL), sub(1, given(TERRITORY_GLOBAL)));
  const noResult = sub(result(2), mul(hasSuperko, IMPOSSIBLE));
  const value = softmax(concat([result(0), noResult, result(1)], 1), 1);
  const decided = sub(1, columnsOf(value)(1));
  const raw = columnsOf(outputs.scores);
  const scoreMean = mul(raw(0), multipliers.scoreMean);
  const deviation = mul(softplus(raw(1)), multipliers.scoreStdev);
  const score = mul(scoreMean, decided);
  // Of the mixture with scores of 0: its mean square less its squared mean.
  const variance = sub(mul(add(square(scoreMean), square(deviation)), decided), square(score));
  return {
    policy: policyOf(outputs),
    value,
    score,
    scoreStdev: sqrt(maximum(variance, 0)),
    lead: mul(mul(raw(2), multipliers.lead), decided),
    ownership: tanh(outputs.ownership),
    ...(version >= 9 && { errors: errorsOf(architecture, raw) }),
  };
}

/** [N, 3]: moves squared until the game is decided, and how far off win − loss and score will soon turn out to be. */
function errorsOf({ version, multipliers }: KatagoArchitecture, raw: (column: number) => Tensor): Tensor {
  const time = mul(softplus(raw(3)), multipliers.varianceTime);
  const { shorttermValueError, shorttermScoreError } = multipliers;
  if (version < 10) return concat([time, softplus(raw(4)), mul(softplus(raw(5)), 10)], 1);
  const error = (x: Tensor, multiplier: number): Tensor => {
    return version < 14 ? sqrt(mul(softplus(x), multiplier)) : mul(softplus(mul(x, 0.5)), Math.sqrt(multiplier));
  };
  return concat([time, error(raw(4), shorttermValueError), error(raw(5), shorttermScoreError)], 1);
}

/** The first policy [N, S² + 1], pass last; the others are optimistic, or not policies at all. */
function policyOf({ points, pass }: KatagoOutputs): Tensor {
  const [batch, , height, width] = points.shape;
  return concat([reshape(sliceAxis(points, 1, 0, 1), [batch!, height! * width!]), sliceAxis(pass, 1, 0, 1)], 1);
}

/** Single columns of a matrix, [N, 1]. */
function columnsOf(matrix: Tensor): (column: number) => Tensor {
  return (column) => sliceAxis(matrix, 1, column, 1);
}
