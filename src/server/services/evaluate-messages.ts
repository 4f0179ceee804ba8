/** Requests of Evaluate → positions, and evaluations → answers; long ones in pieces, so that others are answered between. */

import { breathe } from '../../core/breathe.js';
import { AppError, check } from '../../core/errors.js';
import { throwIfAborted, type CancelSignal } from '../../core/signals.js';
import { trace } from '../../core/trace.js';
import type {
  EvaluateOptions,
  EvaluateRequest as EvaluatorRequest,
  EvaluateResult,
  PackedRequest,
} from '../../evaluator/requests.js';
import type { PackedEvaluations } from '../../go/packed-evaluation.js';
import type { Snapshot } from '../../go/snapshot.js';
import type { EvaluateRequest, EvaluateResponse } from '../../proto/tengen/v1/evaluator.js';
import { Precision } from '../../proto/tengen/v1/precision.js';
import { wordOf } from '../../wire/enums.js';
import { evaluationsToWire } from '../../wire/evaluation.js';
import { EvaluatorServiceDefinition } from '../../wire/evaluator-definition.js';
import { packedAnswer } from '../../wire/packed-answer.js';
import { MOST_PACKED as PIECE, type PackedEvaluateRequest } from '../../wire/packed-request.js';
import { positionFromWire } from '../../wire/position.js';
import { askedFromWire, wirePrecisions } from '../../wire/precision.js';

/** Most positions in one request. */
const maxPositions = 1024;

/** By their number in the messages. */
const priorities = ['bulk', 'bulk', 'interactive'] as const;

/** Whether a request of so many positions is converted in pieces. */
export function isLong(positions: number): boolean {
  return positions > PIECE;
}

/** What is asked of the evaluator. @throws AppError 'invalid-argument' naming the first position that is wrong */
export function checkedRequest(request: EvaluateRequest, signal: CancelSignal): EvaluatorRequest {
  checkCount(request.positions.length);
  return requestOf(request, signal, request.positions.map(checkedPosition));
}

/** The same in pieces. */
export async function checkedInPieces(request: EvaluateRequest, signal: CancelSignal): Promise<EvaluatorRequest> {
  const { positions } = request;
  checkCount(positions.length);
  const checked: Snapshot[] = [];
  for (const position of positions) {
    checked.push(checkedPosition(position, checked.length));
    if (checked.length % PIECE > 0) continue;
    await breathe();
    throwIfAborted(signal);
  }
  return requestOf(request, signal, checked);
}

function requestOf(request: EvaluateRequest, signal: CancelSignal, positions: Snapshot[]): EvaluatorRequest {
  return { ...optionsOf(request, signal), positions };
}

/** What is asked of the evaluator by a request that was packed as it was read. */
export function packedRequest(request: PackedEvaluateRequest, signal: CancelSignal): PackedRequest {
  return { ...optionsOf(request, signal), positions: request.packed };
}

function optionsOf(request: Omit<EvaluateRequest, 'positions'>, signal: CancelSignal): EvaluateOptions {
  const { model, ownership } = request;
  const priority = wordOf('priority', request.priority, priorities);
  const precision = askedFromWire(request.precision);
  return { model, ownership, priority, precision, signal };
}

function checkCount(positions: number): void {
  check(
    positions > 0 && positions <= maxPositions,
    () => `positions holds ${positions}; a request has 1 to ${maxPositions}`,
  );
}

/** What an answer says beside what the network found. */
export type AnswerFacts = Pick<EvaluateResponse, 'requestId' | 'capacity' | 'serverMicros'>;

export function succeeded(facts: AnswerFacts, { evaluations, ...result }: EvaluateResult): EvaluateResponse {
  const started = trace ? performance.now() : 0;
  const response = answer(facts, result, evaluationsToWire(evaluations));
  trace?.add('encode', started, evaluations.length);
  return response;
}

/** The bytes of the answer to a packed request. */
export function succeededPacked(
  facts: AnswerFacts,
  { evaluations, ...result }: EvaluateResult<PackedEvaluations>,
): Uint8Array {
  const started = trace ? performance.now() : 0;
  const bytes = packedAnswer(writeAnswer(answer(facts, result, [])), evaluations);
  trace?.add('encode', started, evaluations.count);
  return bytes;
}

/** The bytes of the answer, written in pieces. */
export async function encodeInPieces(
  facts: AnswerFacts,
  { evaluations, ...result }: EvaluateResult,
): Promise<Uint8Array> {
  // A message's bytes are those of its fields, one after the other, and a list's those of its entries.
  const pieces = [writeAnswer(answer(facts, result, []))];
  for (let from = 0; from < evaluations.length; from += PIECE) {
    await breathe();
    const piece = evaluationsToWire(evaluations.slice(from, from + PIECE));
    pieces.push(writeAnswer({ ...nothing, evaluations: piece }));
  }
  await breathe();
  return Buffer.concat(pieces);
}

function writeAnswer(message: EvaluateResponse): Uint8Array {
  return EvaluatorServiceDefinition.methods.evaluate.responseType.encode(message).finish();
}

/** Of no request; writes no bytes. */
const nothing: EvaluateResponse = {
  requestId: 0n,
  modelVersion: '',
  precision: Precision.UNSPECIFIED,
  evaluations: [],
  error: undefined,
  capacity: 0,
  serverMicros: 0,
};

function answer(
  facts: AnswerFacts,
  { modelVersion, precision }: Omit<EvaluateResult, 'evaluations'>,
  evaluations: EvaluateResponse['evaluations'],
): EvaluateResponse {
  return { ...facts, modelVersion, precision: wirePrecisions[precision], evaluations, error: undefined };
}

function checkedPosition(position: EvaluateRequest['positions'][number], index: number): Snapshot {
  try {
    return positionFromWire(position);
  } catch (thrown) {
    const error = AppError.from(thrown);
    throw new AppError(error.kind, `positions[${String(index)}]: ${error.message}`, { cause: thrown });
  }
}
