/** gRPC statuses → the house's errors, for clients. The server's map in the other direction is src/server/status.ts. */

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

/** The error for a status number and its message. */
export function errorFromStatus(code: number, message: string): AppError {
  return new AppError(kindByStatus[code] ?? 'internal', message);
}

/** Anything thrown by a call → `AppError`, with the server's own sentence as the message. */
export function fromCall(thrown: unknown): AppError {
  if (thrown instanceof ClientError) {
    return new AppError(kindByStatus[thrown.code] ?? 'internal', thrown.details, { cause: thrown });
  }
  return AppError.from(thrown);
}
