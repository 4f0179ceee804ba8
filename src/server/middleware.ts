/** What happens to every call: who may make it, how its errors leave, and how it ends when the server does. */

import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import type { CallContext, ServerMiddleware, ServerMiddlewareCall } from 'nice-grpc';
import type { Logger } from 'pino';
import { AppError } from '../core/errors.js';
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

/** Services that a probe may ask without a token. */
const open = '/grpc.health.v1.Health/';

/**
 * Makes the check of the header `authorization: Bearer <token>`, for gRPC and for the page; an empty token lets in
 * everyone. It throws AppError 'unauthenticated'.
 */
export function tokenCheck(token: string): (header: string | undefined) => void {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const expected = digest(token);
  return (header) => {
    if (token === '') return;
    if (header === undefined) {
      throw new AppError('unauthenticated', "A token is needed; send it as metadata 'authorization: Bearer TOKEN'");
    }
    const given = /^Bearer (.+)$/i.exec(header)?.[1] ?? '';
    // Digests have equal lengths, so the comparison takes the same time whatever was sent.
    if (!timingSafeEqual(digest(given), expected)) {
      throw new AppError('unauthenticated', 'The token sent is not the one of this server');
    }
  };
}

/** Lets in only calls with the token. */
export function authenticate(token: string): ServerMiddleware {
  const check = tokenCheck(token);
  return async function* authorize<Request, Response>(
    call: ServerMiddlewareCall<Request, Response>,
    context: CallContext,
  ) {
    if (!call.method.path.startsWith(open)) check(context.metadata.get('authorization'));
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
