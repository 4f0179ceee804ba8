/**
 * How calls end when the server stops. Streams of requests fail with 'unavailable' where they are, so that services answer
 * what they took and no more; calls that only watch end at once; what is late is cut off. No call that was not carried
 * out to its end is told that it was.
 */

import { setMaxListeners } from 'node:events';
import type { CallContext } from 'nice-grpc';
import { breathe } from '../../core/breathe.js';
import { Condition } from '../../core/condition.js';
import { AppError } from '../../core/errors.js';
import { until } from '../../core/signals.js';

/** Calls that have no end of their own. */
const watches: ReadonlySet<string> = new Set([
  '/grpc.health.v1.Health/Watch',
  '/tengen.v1.JobService/WatchJob',
  '/tengen.v1.MonitorService/WatchServer',
]);
/** Whoever asks how the server is may still hear that it stops. */
const health = '/grpc.health.v1.Health/';

/** What a call is made of; `Request` is a message, or a stream of them. */
export interface StoppableCall<Request, Response> {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly requestStream: boolean;
  readonly request: Request;
  readonly context: CallContext;
  /** Carries the call out: yields the answers of a stream, or returns the one answer. */
  readonly next: (request: Request, context: CallContext) => AsyncGenerator<Response, Response | undefined>;
}

/** The stop of a server, which every call knows. */
export class Stopping {
  readonly #draining = new AbortController();
  readonly #late = new AbortController();
  #calls = 0;
  #isAbandoned = false;
  readonly #changed = new Condition();

  constructor() {
    // Every call listens to both.
    setMaxListeners(0, this.#draining.signal, this.#late.signal);
  }

  /** Tells the calls under way to take no new work. */
  drain(): void {
    this.#draining.abort(new AppError('unavailable', 'The server is stopping'));
  }

  /** Ends every call that is left. */
  cutOff(): void {
    this.#late.abort(new AppError('unavailable', 'The server is stopping; the call was cut off'));
  }

  /**
   * Waits for no call any more. A call whose peer is gone may rest for ever at an answer that nobody takes: nice-grpc waits for
   * room on a stream that has ended, and its signal is silent where the deadline came while the status was on its way.
   */
  abandon(): void {
    this.#isAbandoned = true;
    this.#changed.notifyAll();
  }

  /**
   * Resolves once no call is under way, or the calls under way were abandoned. Only then may connections be told to close: a
   * peer's keepalive ping on a connection that is closing fails, and grpc-js then drops the calls that still run there.
   */
  async idle(): Promise<void> {
    await this.#changed.until(() => this.#calls === 0 || this.#isAbandoned);
    // The last status is written in this turn.
    await breathe();
  }

  /** Carries a call out. @throws AppError 'unavailable' if the server stops before the call is done */
  async *run<Request, Response>(
    call: StoppableCall<Request, Response>,
  ): AsyncGenerator<Response, Response | undefined> {
    const { path, requestStream, context, next } = call;
    const draining = this.#draining.signal;
    if (draining.aborted && !path.startsWith(health)) throw AppError.from(draining.reason);
    const end = watches.has(path) ? draining : this.#late.signal;
    const own = new AbortController();
    const leave = (): void => own.abort(context.signal.reason);
    const stop = (): void => own.abort(end.reason);
    if (context.signal.aborted) leave();
    if (end.aborted) stop();
    context.signal.addEventListener('abort', leave, { once: true });
    end.addEventListener('abort', stop, { once: true });
    const request = requestStream ? until(call.request as AsyncIterable<unknown>, draining) : call.request;
    this.#calls++;
    try {
      const answers = next(request as Request, { ...context, signal: own.signal });
      const answer = yield* until(answers, this.#late.signal);
      if (watches.has(path) && draining.aborted) throw AppError.from(draining.reason);
      return answer;
    } catch (error) {
      // Whatever a service makes of its signal.
      throw end.aborted && !context.signal.aborted ? AppError.from(end.reason) : error;
    } finally {
      context.signal.removeEventListener('abort', leave);
      end.removeEventListener('abort', stop);
      this.#calls--;
      if (this.#calls === 0) this.#changed.notifyAll();
    }
  }
}
