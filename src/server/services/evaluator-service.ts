/**
 * EvaluatorService: many requests in flight on one stream, each answered when it is done. A request that fails is
 * answered by its own error and the stream lives on.
 */

import type { CallContext, ServiceImplementation } from 'nice-grpc';
import type { Logger } from 'pino';
import { Condition } from '../../core/condition.js';
import { AppError } from '../../core/errors.js';
import { Cancellation } from '../../core/signals.js';
import { trace } from '../../core/trace.js';
import type { Evaluator } from '../../evaluator/evaluator.js';
import type { EvaluateRequest as EvaluatorRequest, EvaluateResult } from '../../evaluator/requests.js';
import { Priority, type EvaluateRequest, type EvaluateResponse } from '../../proto/tengen/v1/evaluator.js';
import { Precision } from '../../proto/tengen/v1/precision.js';
import { EvaluatorServiceDefinition } from '../../wire/evaluator-definition.js';
import type { PackedEvaluateRequest } from '../../wire/packed-request.js';
import { callFacts, type Quotas } from '../access/quotas.js';
import type { Parts } from '../parts.js';
import { answeredInBytes } from '../transport/answers.js';
import { service, type Service } from '../transport/service.js';
import { isOwnFault, toServerError } from '../transport/status.js';
import {
  type AnswerFacts,
  checkedInPieces,
  checkedRequest,
  encodeInPieces,
  isLong,
  packedRequest,
  succeeded,
  succeededPacked,
} from './evaluate-messages.js';

/** Positions in flight on one stream from which on nothing more is read from it; HTTP/2 then holds the client back. */
const streamPositions = 4096;

/** EvaluatorService; the answers to long requests are written in pieces, and come as bytes. */
export const evaluatorService = answeredInBytes(EvaluatorServiceDefinition, 'evaluate');
type Answer = EvaluateResponse | Uint8Array;
/** A request as it is read: packed as a rule. */
type Request = EvaluateRequest | PackedEvaluateRequest;

export function composeEvaluation({ evaluator, logger, quotas }: Parts): Service {
  return service(evaluatorService, makeEvaluatorService(evaluator, logger, quotas));
}

/** The service over an evaluator; without `quotas` every client may have all of it. */
export function makeEvaluatorService(
  evaluator: Evaluator,
  logger: Logger,
  quotas?: Quotas,
): ServiceImplementation<typeof evaluatorService> {
  return {
    async *evaluate(requests: AsyncIterable<EvaluateRequest>, context: CallContext) {
      const call = callFacts(context);
      const admit = (positions: number): (() => void) => quotas?.admit(call, positions) ?? (() => undefined);
      const stream = new EvaluationStream(evaluator, logger, admit);
      try {
        yield* stream.run(requests, context.signal);
      } finally {
        stream.abandon();
      }
    },
  };
}

/** One call of Evaluate. */
class EvaluationStream {
  readonly #evaluator: Evaluator;
  readonly #logger: Logger;
  /** Lets positions in by the client's quota, and says what to call when they are done. */
  readonly #admit: (positions: number) => () => void;
  readonly #running = new Map<bigint, Cancellation>();
  readonly #answers: { readonly response: Answer; readonly positions: number }[] = [];
  /** Positions read and not yet taken by the peer, so that a peer that does not read its answers is held back too. */
  #inFlight = 0;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  readonly #forWriter = new Condition();
  readonly #forReader = new Condition();

  constructor(evaluator: Evaluator, logger: Logger, admit: (positions: number) => () => void) {
    this.#evaluator = evaluator;
    this.#logger = logger;
    this.#admit = admit;
  }

  async *run(requests: AsyncIterable<EvaluateRequest>, signal: AbortSignal): AsyncGenerator<Answer, void> {
    void this.#read(requests);
    const wake = (): void => this.#forWriter.notifyAll();
    signal.addEventListener('abort', wake, { once: true });
    try {
      for (;;) {
        for (let answer = this.#answers.shift(); answer; answer = this.#answers.shift()) {
          yield answer.response;
          this.#inFlight -= answer.positions;
          this.#forReader.notifyAll();
        }
        if (signal.aborted) return;
        if (this.#ended && this.#running.size === 0) {
          if (this.#failure) throw this.#failure.error;
          return;
        }
        await this.#forWriter.wait();
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  /** Cancels what is running; for the end of the call, however it came. */
  abandon(): void {
    this.#ended = true;
    for (const cancellation of this.#running.values()) cancellation.abort();
    this.#forReader.notifyAll();
  }

  async #read(requests: AsyncIterable<Request>): Promise<void> {
    try {
      for await (const request of requests) {
        if (request.cancel) this.#running.get(request.requestId)?.abort();
        else this.#accept(request);
        while (this.#inFlight >= streamPositions && !this.#ended) await this.#forReader.wait();
      }
    } catch (error) {
      this.#failure = { error };
    }
    this.#ended = true;
    this.#forWriter.notifyAll();
  }

  #accept(request: Request): void {
    const { requestId } = request;
    // One even for an empty request, so that any number of them is held back as well.
    const weight = Math.max(1, 'packed' in request ? request.packed.count : request.positions.length);
    this.#inFlight += weight;
    if (this.#running.has(requestId)) {
      const error = new AppError('already-exists', `request_id ${String(requestId)} is still in flight on this stream`);
      this.#answer(this.#failed(requestId, error), weight);
      return;
    }
    const cancellation = new Cancellation();
    this.#running.set(requestId, cancellation);
    const receivedMs = performance.now();
    const facts = (): AnswerFacts => {
      const serverMicros = Math.round((performance.now() - receivedMs) * 1000);
      const { capacity, bulkCapacity } = this.#evaluator;
      return { requestId, capacity: request.priority === Priority.BULK ? bulkCapacity : capacity, serverMicros };
    };
    let done = (): void => undefined;
    const finish = (response: Answer): void => {
      done();
      this.#running.delete(requestId);
      this.#answer(response, weight);
    };
    const failed = (error: unknown): void => finish(this.#failed(requestId, error));
    const evaluate = (evaluation: EvaluatorRequest): Promise<EvaluateResult> => {
      done = this.#admit(weight);
      return this.#evaluator.evaluate(evaluation);
    };
    // Nothing here holds the positions while the request waits: they would outlive the collection of young garbage.
    try {
      if ('packed' in request) {
        trace?.add('decode', receivedMs, weight);
        done = this.#admit(weight);
        this.#evaluator
          .evaluatePacked(packedRequest(request, cancellation))
          .then((result) => succeededPacked(facts(), result))
          .then(finish, failed);
        return;
      }
      if (isLong(weight)) {
        checkedInPieces(request, cancellation)
          .then(evaluate)
          .then((result) => encodeInPieces(facts(), result))
          .then(finish, failed);
        return;
      }
      const started = trace ? performance.now() : 0;
      const evaluation = checkedRequest(request, cancellation);
      trace?.add('decode', started, weight);
      evaluate(evaluation)
        .then((result) => succeeded(facts(), result))
        .then(finish, failed);
    } catch (error) {
      failed(error);
    }
  }

  #answer(response: Answer, positions: number): void {
    this.#answers.push({ response, positions });
    this.#forWriter.notifyAll();
  }

  #failed(requestId: bigint, thrown: unknown): EvaluateResponse {
    if (isOwnFault(thrown)) this.#logger.error({ err: thrown, requestId }, 'evaluation-failed');
    const { code, details } = toServerError(thrown, String(requestId));
    const error = { code, message: details };
    const unknown = { precision: Precision.UNSPECIFIED, capacity: 0, serverMicros: 0 };
    return { requestId, modelVersion: '', ...unknown, evaluations: [], error };
  }
}
