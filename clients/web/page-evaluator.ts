/** The search's evaluator over the page's calls: one request a batch, before self-play's. */

import { precisionFromWire, precisionToWire, type GamePrecision } from '../shared/game-precision.js';
import { PaceMeter } from '../shared/pace.js';
import { errorFromStatus } from '../shared/status.js';
import { AppError } from '../../src/core/errors.js';
import type { CancelSignal } from '../../src/core/signals.js';
import type { GoEvaluation } from '../../src/go/evaluation.js';
import type { Position } from '../../src/go/position.js';
import { EvaluatorServiceDefinition, Priority } from '../../src/proto/tengen/v1/evaluator.js';
import type { Evaluator } from '../../src/search/evaluator.js';
import type { Pace } from '../../src/search/pace.js';
import { evaluationFromWire } from '../../src/wire/evaluation.js';
import { positionToWire } from '../../src/wire/position.js';
import type { Calls } from './calls.js';

/** Evaluates positions of one size with one model. */
export class PageEvaluator implements Evaluator<Position, GoEvaluation> {
  readonly #calls: Calls;
  readonly #model: string;
  readonly #ownership: boolean;
  readonly #precision: () => GamePrecision;
  readonly #meter = new PaceMeter();

  /**
   * @param model a name or name@version
   * @param precision of the game that the positions of a call belong to
   */
  constructor(calls: Calls, model: string, ownership: boolean, precision: () => GamePrecision) {
    this.#calls = calls;
    this.#model = model;
    this.#ownership = ownership;
    this.#precision = precision;
  }

  /** How many positions to have in flight, by the answers so far. */
  get pace(): Pace | undefined {
    return this.#meter.pace;
  }

  /** At most 1024 positions. @throws AppError with the server's own sentence */
  async evaluate(
    positions: readonly Position[],
    { signal }: { readonly signal?: CancelSignal } = {},
  ): Promise<readonly GoEvaluation[]> {
    const ended = new AbortController();
    const abort = (): void => ended.abort(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await this.#ask(positions, ended.signal);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  async #ask(positions: readonly Position[], signal: AbortSignal): Promise<readonly GoEvaluation[]> {
    const precision = this.#precision();
    const request = {
      requestId: 1n,
      model: this.#model,
      priority: Priority.INTERACTIVE,
      ownership: this.#ownership,
      precision: precisionToWire(precision.asked),
      cancel: false,
      positions: positions.map((position) => positionToWire(position.snapshot())),
    };
    const { evaluate } = EvaluatorServiceDefinition.methods;
    const sentAt = performance.now();
    const answers = this.#calls.stream(EvaluatorServiceDefinition, evaluate, request, { signal });
    for await (const { error, evaluations, ...answer } of answers) {
      if (error) throw errorFromStatus(error.code, error.message);
      const answered = precisionFromWire(answer.precision);
      if (answered) precision.heard(answered);
      const { capacity, serverMicros } = answer;
      const elapsedMs = performance.now() - sentAt;
      this.#meter.add({ elapsedMs, serverMs: serverMicros / 1000, capacity, positions: positions.length });
      return evaluations.map((evaluation, i) => evaluationFromWire(evaluation, positions[i]!.size));
    }
    throw new AppError('unavailable', 'The server gave no answer');
  }
}
