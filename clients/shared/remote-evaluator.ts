/**
 * The search's evaluator over one `EvaluatorService` stream. Positions that many games ask for in the same turn of the
 * event loop travel in one message, so hundreds of games with one leaf in flight each make full batches.
 */

import { AppError } from '../../src/core/errors.js';
import type { AskedPrecision } from '../../src/core/precision.js';
import { Rng } from '../../src/core/rng.js';
import { cancelled, type CancelSignal, throwIfAborted } from '../../src/core/signals.js';
import { trace } from '../../src/core/trace.js';
import type { GoEvaluation } from '../../src/go/evaluation.js';
import type { Position } from '../../src/go/position.js';
import type { Snapshot } from '../../src/go/snapshot.js';
import { EvaluateRequest, Priority } from '../../src/proto/tengen/v1/evaluator.js';
import { Precision } from '../../src/proto/tengen/v1/precision.js';
import type { Evaluator } from '../../src/search/evaluator.js';
import type { Pace } from '../../src/search/pace.js';
import { checkPolicy } from '../../src/wire/evaluation.js';
import { PackedEvaluator } from '../../src/wire/evaluator-definition.js';
import { PositionWriter } from '../../src/wire/position-writer.js';
import type { ReadAnswer } from '../../src/wire/read-answer.js';
import { Backoff } from './backoff.js';
import { GamePrecision, precisionFromWire, precisionToWire } from './game-precision.js';
import { MessageQueue } from '../../src/core/message-queue.js';
import { PaceMeter } from './pace.js';
import { RetryQueue } from './retry-queue.js';
import { errorFromStatus, fromCall } from './status.js';

/** What an evaluator needs of a client of EvaluatorService. */
export interface EvaluatorCalls {
  /** @param requests as bytes */
  evaluate(requests: AsyncIterable<Uint8Array>, options: { readonly signal: AbortSignal }): AsyncIterable<ReadAnswer>;
}

/** What an evaluator needs of its way to the server; a `Connection` is one. */
export interface EvaluatorConnection {
  client(definition: typeof PackedEvaluator): EvaluatorCalls;
}

/** What every request of an evaluator says. */
export interface RemoteEvaluatorOptions {
  /** name, name@version, or empty for the promoted model. */
  readonly model?: string;
  readonly priority?: 'interactive' | 'bulk';
  /** Whether to ask for ownership. */
  readonly ownership?: boolean;
  /** Of the game that the positions of a call belong to; every call for itself, as the server serves the model, if not given. */
  readonly precision?: () => GamePrecision;
  /** Calls of one turn of the event loop share a message of at most so many positions; a call is never split. */
  readonly maxPositions?: number;
  /**
   * How long a request that the server did not answer, because it was away or busy, is sent again before its caller
   * learns of it; 0 for not at all.
   */
  readonly patienceMs?: number;
}

const usual: Required<RemoteEvaluatorOptions> = {
  model: '',
  priority: 'bulk',
  ownership: false,
  precision: () => new GamePrecision('auto'),
  maxPositions: 64,
  patienceMs: 0,
};

/** Longest wait before unanswered requests are sent again: a person notices more. */
const maxRetryMs = 2000;

/** What one call may say beside that. */
export interface EvaluateOptions {
  readonly signal?: CancelSignal;
  /** Instead of the evaluator's own. */
  readonly model?: string;
  readonly precision?: GamePrecision;
}

interface Waiter {
  readonly precision: GamePrecision;
  readonly size: number;
  readonly count: number;
  resolve(evaluations: readonly GoEvaluation[]): void;
  reject(error: Error): void;
  done: boolean;
}

interface Message {
  readonly requestId: bigint;
  /** Key among the messages that fill. */
  readonly key: string;
  readonly model: string;
  readonly asked: AskedPrecision;
  readonly positions: PositionWriter;
  readonly waiters: Waiter[];
  readonly giveUpAt: number;
  /** When the message was sent last, by `performance.now()`. */
  sentAt: number;
}

interface Stream {
  readonly outgoing: MessageQueue<Uint8Array>;
  readonly inFlight: Map<bigint, Message>;
  readonly abort: AbortController;
}

/**
 * Evaluates positions on the server. A broken stream is opened again by the next call; what was in flight is sent again
 * if `patienceMs` allows, and fails otherwise.
 */
export class RemoteEvaluator implements Evaluator<Position, GoEvaluation> {
  /** The version that answered last, as name@version; empty before the first answer. */
  modelVersion = '';
  readonly #connection: EvaluatorConnection;
  readonly #options: Required<RemoteEvaluatorOptions>;
  readonly #filling = new Map<string, Message>();
  readonly #retries: RetryQueue<Message>;
  /** What the answers so far say of the server. */
  readonly meter = new PaceMeter();
  #stream: Stream | undefined;
  #nextId = 1n;
  #flushScheduled = false;
  #closed = false;

  constructor(connection: EvaluatorConnection, options: RemoteEvaluatorOptions = {}) {
    this.#connection = connection;
    this.#options = { ...usual, ...options };
    this.#retries = new RetryQueue(new Backoff(new Rng(process.pid), maxRetryMs), {
      send: (message) => this.#send(message),
      giveUp: rejectAll,
    });
  }

  /** How many positions to have in flight, by the answers so far. */
  get pace(): Pace | undefined {
    return this.meter.pace;
  }

  /**
   * The positions are written before this returns.
   *
   * @throws AppError with the server's own sentence; 'unavailable' when the connection is lost
   */
  async evaluate(positions: readonly Position[], options: EvaluateOptions = {}): Promise<readonly GoEvaluation[]> {
    const size = positions[0]?.size ?? 0;
    const stones = new Uint8Array(size * size);
    return this.#evaluate(positions.length, size, options, (i) => positions[i]!.snapshot(stones));
  }

  /** As `evaluate`, for positions that are already snapshots; all of one size. */
  async evaluateSnapshots(
    snapshots: readonly Snapshot[],
    options: EvaluateOptions = {},
  ): Promise<readonly GoEvaluation[]> {
    return this.#evaluate(snapshots.length, snapshots[0]?.size ?? 0, options, (i) => snapshots[i]!);
  }

  #evaluate(
    count: number,
    size: number,
    options: EvaluateOptions,
    snapshot: (index: number) => Snapshot,
  ): Promise<readonly GoEvaluation[]> {
    const { signal } = options;
    throwIfAborted(signal);
    if (this.#closed) throw new AppError('unavailable', 'The evaluator is closed');
    if (count === 0) return Promise.resolve([]);
    const { model = this.#options.model, precision = this.#options.precision() } = options;
    const message = this.#messageFor(model, precision.asked, count);
    const started = trace ? performance.now() : 0;
    for (let i = 0; i < count; i++) message.positions.add(snapshot(i));
    trace?.add('encode', started, count);
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        waiter.done = true;
        signal?.removeEventListener('abort', abandon);
      };
      const waiter: Waiter = {
        precision,
        size,
        count,
        done: false,
        resolve: (evaluations) => {
          settle();
          resolve(evaluations);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      const abandon = (): void => {
        if (!waiter.done && signal) waiter.reject(cancelled(signal));
        if (message.waiters.every((other) => other.done)) this.#cancel(message);
      };
      signal?.addEventListener('abort', abandon, { once: true });
      message.waiters.push(waiter);
    });
  }

  /** Ends the stream; what is in flight fails with 'unavailable'. */
  close(): void {
    this.#closed = true;
    const error = new AppError('unavailable', 'The evaluator was closed');
    for (const message of this.#filling.values()) rejectAll(message, error);
    this.#filling.clear();
    const stream = this.#stream;
    this.#fail(stream, error);
    this.#retries.close(error);
    stream?.abort.abort();
  }

  #messageFor(model: string, asked: AskedPrecision, count: number): Message {
    const key = `${asked} ${model}`;
    const filling = this.#filling.get(key);
    if (filling && filling.positions.count + count <= this.#options.maxPositions) return filling;
    if (filling) this.#send(filling);
    const giveUpAt = performance.now() + this.#options.patienceMs;
    const message: Message = {
      requestId: this.#nextId++,
      key,
      model,
      asked,
      positions: new PositionWriter(),
      waiters: [],
      giveUpAt,
      sentAt: 0,
    };
    this.#filling.set(key, message);
    if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      // After this turn's I/O callbacks and promises: every game that advances in this turn joins the message.
      setImmediate(() => {
        this.#flushScheduled = false;
        for (const waiting of [...this.#filling.values()]) this.#send(waiting);
      });
    }
    return message;
  }

  #send(message: Message): void {
    if (this.#filling.get(message.key) === message) this.#filling.delete(message.key);
    if (message.waiters.every((waiter) => waiter.done)) return;
    const stream = (this.#stream ??= this.#open());
    stream.inFlight.set(message.requestId, message);
    message.sentAt = performance.now();
    const rest = EvaluateRequest.encode({
      requestId: message.requestId,
      model: message.model,
      priority: this.#options.priority === 'interactive' ? Priority.INTERACTIVE : Priority.BULK,
      positions: [],
      ownership: this.#options.ownership,
      precision: precisionToWire(message.asked),
      cancel: false,
    });
    // A message's bytes are those of its fields, in any order.
    stream.outgoing.push(Buffer.concat([rest.finish(), message.positions.bytes]));
    trace?.add('encode', message.sentAt, 0);
  }

  #cancel(message: Message): void {
    const stream = this.#stream;
    if (!stream?.inFlight.delete(message.requestId)) return;
    const unset = { priority: Priority.UNSPECIFIED, precision: Precision.UNSPECIFIED };
    const nothing = { ...unset, model: '', positions: [], ownership: false };
    const request = { ...nothing, requestId: message.requestId, cancel: true };
    stream.outgoing.push(EvaluateRequest.encode(request).finish());
  }

  #open(): Stream {
    const stream: Stream = { outgoing: new MessageQueue(), inFlight: new Map(), abort: new AbortController() };
    const client = this.#connection.client(PackedEvaluator);
    const receive = async (): Promise<void> => {
      try {
        for await (const response of client.evaluate(stream.outgoing, { signal: stream.abort.signal })) {
          this.#receive(stream, response);
        }
        this.#fail(stream, new AppError('unavailable', 'The server ended the stream'));
      } catch (error) {
        this.#fail(stream, fromCall(error));
      }
    };
    void receive();
    return stream;
  }

  #receive(stream: Stream, response: ReadAnswer): void {
    const message = stream.inFlight.get(response.requestId);
    if (!message) return;
    stream.inFlight.delete(response.requestId);
    if (response.error) {
      this.#retries.add(message, errorFromStatus(response.error.code, response.error.message));
      return;
    }
    this.#retries.succeeded();
    this.modelVersion = response.modelVersion;
    const precision = precisionFromWire(response.precision);
    const started = performance.now();
    const { capacity, serverMicros } = response;
    this.meter.add({
      elapsedMs: started - message.sentAt,
      serverMs: serverMicros / 1000,
      capacity,
      positions: message.positions.count,
    });
    let next = 0;
    for (const waiter of message.waiters) {
      const part = response.evaluations.slice(next, next + waiter.count);
      next += waiter.count;
      if (waiter.done) continue;
      if (precision) waiter.precision.heard(precision);
      try {
        for (const { logits } of part) checkPolicy(logits, waiter.size);
        waiter.resolve(part);
      } catch (error) {
        waiter.reject(AppError.from(error));
      }
    }
    trace?.add('decode', started, next);
  }

  #fail(stream: Stream | undefined, error: AppError): void {
    if (this.#stream === stream) this.#stream = undefined;
    if (!stream) return;
    stream.outgoing.end();
    const unanswered = [...stream.inFlight.values()];
    stream.inFlight.clear();
    for (const message of unanswered) this.#retries.add(message, error);
  }
}

function rejectAll(message: Message, error: AppError): void {
  for (const waiter of message.waiters) if (!waiter.done) waiter.reject(error);
}
