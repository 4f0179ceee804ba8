/** grpc.health.v1: SERVING for the server as a whole ('') and for each of its services, NOT_SERVING once it drains. */

import { HealthDefinition, HealthServiceImpl, HealthState } from 'nice-grpc-server-health';
import type { CallContext, Server, ServerMiddlewareCall } from 'nice-grpc';
import { AppError } from '../core/errors.js';
import { checkDeclared } from './access.js';
import { decodable, type MessageType } from './decoding.js';

/** The switch behind the health service. */
export interface Health {
  /** Tells everyone who watches to go elsewhere. */
  stopServing(): void;
}

/**
 * Adds the health service, answering for `services` (full names).
 *
 * @param draining ends the streams of those who watch, after they were told
 */
export function addHealth(server: Server, services: readonly string[], draining: AbortSignal): Health {
  const state = HealthState();
  const names = ['', ...services];
  for (const name of names) state.setStatus('healthy', name);
  checkDeclared(HealthDefinition);
  server.with(endWatches(draining)).add(decodable(HealthDefinition, plainly), HealthServiceImpl(state));
  return {
    stopServing() {
      for (const name of names) state.setStatus('unhealthy', name);
    },
  };
}

/** The library's messages know only the reader of its own copy of protobuf. */
function plainly(type: MessageType, bytes: Uint8Array): unknown {
  return type.decode(bytes);
}

function endWatches(draining: AbortSignal) {
  return async function* endWatch<Request, Response>(
    call: ServerMiddlewareCall<Request, Response>,
    context: CallContext,
  ): AsyncGenerator<Response, Response | undefined> {
    const signal = AbortSignal.any([context.signal, draining]);
    try {
      return (yield* call.next(call.request, { ...context, signal })) ?? undefined;
    } catch (error) {
      if (!draining.aborted || context.signal.aborted) throw error;
      throw new AppError('unavailable', 'The server is stopping', { cause: error });
    }
  };
}
