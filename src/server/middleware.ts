/** What happens to every call: who may make it, how its errors leave, and how it ends when the server does. */

import { randomUUID } from 'node:crypto';
import type { CallContext, ServerMiddleware, ServerMiddlewareCall } from 'nice-grpc';
import type { Logger } from 'pino';
import { checkLevel, levelOf } from './access.js';
import type { Callers } from './callers.js';
import { isOwnFault, toServerError } from './status.js';

/** Turns errors into statuses; those that are the server's own fault are logged whole. */
export function translateErrors(logger: Logger): ServerMiddleware {
  return async function* translate<Request, Response>(
    call: ServerMiddlewareCall<Request, Response>,
    context: CallContext,
  ) {
    try {
      return yield* call.next(call.request, context);
    } catch (error) {
      const requestId = randomUUID().slice(0, 8);
      if (isOwnFault(error)) {
        // A peer that is gone makes streams fail in many ways; none of them is news.
        if (context.signal.aborted) logger.debug({ err: error, method: call.method.path }, 'call-cancelled');
        else logger.error({ err: error, requestId, method: call.method.path, peer: context.peer }, 'call-failed');
      }
      throw toServerError(error, requestId);
    }
  };
}

/** Lets in only calls with one of the tokens of `callers` that has the level that the call needs. */
export function authenticate(callers: Callers): ServerMiddleware {
  return async function* authorize<Request, Response>(
    call: ServerMiddlewareCall<Request, Response>,
    context: CallContext,
  ) {
    const { path } = call.method;
    if (levelOf(path) !== 'open') checkLevel(path, callers.check(context.metadata.get('authorization')));
    return yield* call.next(call.request, context);
  };
}

/**
 * Ends request streams when `draining` aborts, as if the peer had closed its half: services finish what they were
 * given, and the call ends in order.
 */
export function endWithServer(draining: AbortSignal): ServerMiddleware {
  return async function* drain<Request, Response>(call: ServerMiddlewareCall<Request, Response>, context: CallContext) {
    const request = call.requestStream ? endingWith(call.request, draining) : call.request;
    return yield* call.next(request, context);
  };
}

function endingWith<T>(source: AsyncIterable<T>, end: AbortSignal): AsyncIterable<T> {
  const iterator = source[Symbol.asyncIterator]();
  const next = (): Promise<IteratorResult<T>> =>
    new Promise((resolve, reject) => {
      const stop = (): void => resolve({ done: true, value: undefined });
      if (end.aborted) {
        stop();
        return;
      }
      end.addEventListener('abort', stop, { once: true });
      iterator
        .next()
        .finally(() => end.removeEventListener('abort', stop))
        .then(resolve, reject);
    });
  return { [Symbol.asyncIterator]: () => ({ next }) };
}
