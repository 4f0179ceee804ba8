/** Evaluations ↔ messages: logits and ownership travel as halves. */

import { check } from '../core/errors.js';
import { decodeHalves, encodeHalves } from '../core/half.js';
import type { GoEvaluation } from '../go/evaluation.js';
import type * as pb from '../proto/tengen/v1/position.js';

const noBytes = new Uint8Array(0);

/** An evaluation as a message. */
export function evaluationToWire(evaluation: GoEvaluation): pb.Evaluation {
  return {
    policy: encodeHalves(evaluation.logits),
    win: evaluation.win,
    draw: evaluation.draw,
    loss: evaluation.loss,
    score: evaluation.score,
    ownership: evaluation.ownership ? encodeHalves(evaluation.ownership) : noBytes,
    scoreStdev: evaluation.scoreStdev,
    lead: evaluation.lead,
    varTimeLeft: evaluation.varTimeLeft,
    shorttermWinlossError: evaluation.shorttermWinlossError,
    shorttermScoreError: evaluation.shorttermScoreError,
  };
}

/**
 * @param size points on a side of the position that was sent
 * @throws AppError 'invalid-argument' if the policy does not have size² + 1 entries
 */
export function evaluationFromWire(message: pb.Evaluation, size: number): GoEvaluation {
  const logits = decodeHalves(message.policy);
  check(
    logits.length === size * size + 1,
    () => `policy has ${logits.length} entries; size ${size} has ${size * size + 1}`,
  );
  const { win, draw, loss, score, scoreStdev, lead, varTimeLeft, shorttermWinlossError, shorttermScoreError } = message;
  return {
    ...{ logits, win, draw, loss, value: win - loss, score },
    ...(scoreStdev !== undefined && { scoreStdev }),
    ...(lead !== undefined && { lead }),
    ...(varTimeLeft !== undefined && { varTimeLeft }),
    ...(shorttermWinlossError !== undefined && { shorttermWinlossError }),
    ...(shorttermScoreError !== undefined && { shorttermScoreError }),
    ...(message.ownership.length > 0 && { ownership: decodeHalves(message.ownership) }),
  };
}
