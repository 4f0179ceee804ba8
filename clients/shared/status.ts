/** gRPC statuses → the house's errors, for clients. The server's map in the other direction is src/server/transport/status.ts. */

import { ClientError, Status } from 'nice-grpc-common';
import { AppError, type ErrorKind } from '../../src/core/errors.js';

const kindByStatus: Readonly<Record<number, ErrorKind>> = {
  [Status.INVALID_ARGUMENT]: 'invalid-argument',
  [Status.OUT_OF_RANGE]: 'invalid-argument',
  [Status.NOT_FOUND]: 'not-found',
  [Status.ALREADY_EXISTS]: 'already-exists',
  [Status.FAILED_PRECONDITION]: 'failed-precondition',
  [Status.PERMISSION_DENIED]: 'permission-denied',
  [Status.UNAUTHENTICATED]: 'unauthenticated',
  [Status.RESOURCE_EXHAUSTED]: 'resource-exhausted',
  [Status.UNAVAILABLE]: 'unavailable',
  [Status.CANCELLED]: 'cancelled',
  [Status.DEADLINE_EXCEEDED]: 'deadline-exceeded',
};

/** The error for a gRPC status code and the sentence that came with it. */
export function errorFromStatus(code: number, message: string): AppError {
  return new AppError(kindByStatus[code] ?? 'internal', message);
}

/** Anything thrown by a call → `AppError`, with the server's own sentence as the message. */
export function fromCall(thrown: unknown): AppError {
  if (!(thrown instanceof ClientError)) return AppError.from(thrown);
  const { code, details } = thrown;
  if (isLost(thrown)) return new AppError('unavailable', `The connection was lost: ${details}`, { cause: thrown });
  return new AppError(kindByStatus[code] ?? 'internal', details, { cause: thrown });
}

/**
 * Whether a stream was cut on its way, by a proxy mostly. What gRPC makes of that depends on how it was cut; a call that we
 * cancelled ourselves ends with an AbortError, so CANCELLED is never our doing.
 */
function isLost({ code, details }: ClientError): boolean {
  if (code === Status.CANCELLED) return true;
  if (code === Status.INTERNAL) return details.includes('RST_STREAM');
  return code === Status.UNKNOWN && /^Received HTTP status code (408|499|5\d\d)/.test(details);
}
