/** Evaluations ↔ messages: logits and ownership travel as halves. */

import { check } from '../core/errors.js';
import { decodeHalves, encodeHalves } from '../core/half.js';
import type { GoEvaluation } from '../go/evaluation.js';
import type * as pb from '../proto/tengen/v1/position.js';

const noBytes = new Uint8Array(0);

export function evaluationsToWire(evaluations: readonly GoEvaluation[]): pb.Evaluation[] {
  let policies = 0;
  for (const { logits } of evaluations) policies += 2 * logits.length;
  // One allocation for all policies, since each array of its own costs more than what is written into it.
  const bytes = new Uint8Array(policies);
  let at = 0;
  return evaluations.map((evaluation) => {
    const policy = bytes.subarray(at, (at += 2 * evaluation.logits.length));
    return toWire(evaluation, encodeHalves(evaluation.logits, policy));
  });
}

function toWire(evaluation: GoEvaluation, policy: Uint8Array): pb.Evaluation {
  return {
    policy,
    win: evaluation.win,
    draw: evaluation.draw,
    loss: evaluation.loss,
    score: evaluation.score,
    ownership: evaluation.ownership ? encodeHalves(evaluation.ownership) : noBytes,
    scoreDetails: detailsToWire(evaluation),
  };
}

/**
 * @param size points on a side of the position that was sent
 * @throws AppError 'invalid-argument' if the policy does not have size² + 1 entries
 */
export function evaluationFromWire(message: pb.Evaluation, size: number): GoEvaluation {
  const logits = decodeHalves(message.policy);
  checkPolicy(logits, size);
  const { win, draw, loss, score, scoreDetails } = message;
  return {
    logits,
    win,
    draw,
    loss,
    value: win - loss,
    score,
    ...(scoreDetails && detailsFromWire(scoreDetails)),
    ...(message.ownership.length > 0 && { ownership: decodeHalves(message.ownership) }),
  };
}

/** @throws AppError 'invalid-argument' if a policy has another number of entries than the moves of the size */
export function checkPolicy({ length }: Float32Array, size: number): void {
  check(length === size * size + 1, () => `policy has ${length} entries; size ${size} has ${size * size + 1}`);
}

type Details = Pick<
  GoEvaluation,
  'scoreStdev' | 'lead' | 'varTimeLeft' | 'shorttermWinlossError' | 'shorttermScoreError'
>;

function detailsToWire(evaluation: GoEvaluation): pb.ScoreDetails | undefined {
  const { scoreStdev, lead, varTimeLeft, shorttermWinlossError, shorttermScoreError } = evaluation;
  const first = scoreStdev ?? lead ?? varTimeLeft ?? shorttermWinlossError ?? shorttermScoreError;
  if (first === undefined) return undefined;
  return {
    stdev: scoreStdev ?? NaN,
    lead: lead ?? NaN,
    varTimeLeft: varTimeLeft ?? NaN,
    shorttermWinlossError: shorttermWinlossError ?? NaN,
    shorttermScoreError: shorttermScoreError ?? NaN,
  };
}

function detailsFromWire(details: pb.ScoreDetails): Details {
  const { stdev, lead, varTimeLeft, shorttermWinlossError, shorttermScoreError } = details;
  return {
    ...(!Number.isNaN(stdev) && { scoreStdev: stdev }),
    ...(!Number.isNaN(lead) && { lead }),
    ...(!Number.isNaN(varTimeLeft) && { varTimeLeft }),
    ...(!Number.isNaN(shorttermWinlossError) && { shorttermWinlossError }),
    ...(!Number.isNaN(shorttermScoreError) && { shorttermScoreError }),
  };
}
