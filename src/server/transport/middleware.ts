/** What happens to every call: who may make it, how its errors leave, and how it ends when the server does. */

import { randomUUID } from 'node:crypto';
import type { CallContext, ServerMiddleware, ServerMiddlewareCall } from 'nice-grpc';
import type { Logger } from 'pino';
import { checkLevel, levelOf } from '../access/call-levels.js';
import type { Callers } from '../access/callers.js';
import { isOwnFault, toServerError } from './status.js';
import type { Stopping } from './stopping.js';

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

/** Ends calls in order when the server stops. */
export function endWithServer(stopping: Stopping): ServerMiddleware {
  return async function* end<Request, Response>(call: ServerMiddlewareCall<Request, Response>, context: CallContext) {
    const { path } = call.method;
    // `undefined` where the types of nice-grpc have `void`: a stream returns nothing.
    const next = (request: unknown, to: CallContext): AsyncGenerator<Response, Response | undefined> =>
      call.next(request as never, to) as AsyncGenerator<Response, Response | undefined>;
    return yield* stopping.run({ path, requestStream: call.requestStream, request: call.request, context, next });
  };
}
