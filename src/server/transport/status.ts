/** The one map from what goes wrong here to what a gRPC peer is told. The clients' map back is clients/shared/status.ts. */

import { ServerError, Status } from 'nice-grpc-common';
import { AppError, type ErrorKind } from '../../core/errors.js';

const statusByKind: Readonly<Record<ErrorKind, Status>> = {
  'invalid-argument': Status.INVALID_ARGUMENT,
  'not-found': Status.NOT_FOUND,
  'already-exists': Status.ALREADY_EXISTS,
  'failed-precondition': Status.FAILED_PRECONDITION,
  'permission-denied': Status.PERMISSION_DENIED,
  unauthenticated: Status.UNAUTHENTICATED,
  'resource-exhausted': Status.RESOURCE_EXHAUSTED,
  unavailable: Status.UNAVAILABLE,
  cancelled: Status.CANCELLED,
  'deadline-exceeded': Status.DEADLINE_EXCEEDED,
  internal: Status.INTERNAL,
};

/** Characters of a message that are sent. */
const LONGEST_MESSAGE = 2000;

/** The google.rpc.Code number of an error. */
export function statusCode(error: AppError): Status {
  return statusByKind[error.kind];
}

/**
 * What the peer is told. An internal error leaves as a bland sentence with the request's id, under which the log has
 * the whole of it; every other error was written for a person to read.
 */
export function toServerError(thrown: unknown, requestId: string): ServerError {
  if (thrown instanceof ServerError) return thrown;
  const refusal = transportRefusal(thrown);
  if (refusal) return refusal;
  const error = AppError.from(thrown);
  return error.kind === 'internal'
    ? new ServerError(Status.INTERNAL, `The server failed; its log has the reason under request ${requestId}`)
    : new ServerError(statusCode(error), fitting(error.message));
}

/** The same as a part of an answer on a stream that goes on. */
export function toRequestError(thrown: unknown, requestId: string): { code: Status; message: string } {
  const { code, details } = toServerError(thrown, requestId);
  return { code, message: details };
}

/** A status travels in a header, and a peer refuses headers that are long: what is quoted in a sentence may be megabytes. */
function fitting(message: string): string {
  return message.length <= LONGEST_MESSAGE ? message : `${message.slice(0, LONGEST_MESSAGE)}…`;
}

/** Whether an error is the server's own fault and belongs in the log. */
export function isOwnFault(thrown: unknown): boolean {
  return !(thrown instanceof ServerError) && !transportRefusal(thrown) && AppError.from(thrown).kind === 'internal';
}

/** grpc-js throws its own refusals (a message over the limit, bytes that are no message) out of the request stream. */
function transportRefusal(thrown: unknown): ServerError | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || !('details' in thrown)) return undefined;
  const { code, details } = thrown;
  const status = Object.values(Status).find((value): value is Status => value === code);
  return status !== undefined && typeof details === 'string' ? new ServerError(status, details) : undefined;
}
