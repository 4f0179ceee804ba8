/** The one map from what goes wrong to what a browser is told; the gRPC one is ../transport/status.ts. */

import { AppError, type ErrorKind } from '../../core/errors.js';
import { toServerError } from '../transport/status.js';

const statusByKind: Readonly<Record<ErrorKind, number>> = {
  'invalid-argument': 400,
  'not-found': 404,
  'already-exists': 409,
  'failed-precondition': 409,
  'permission-denied': 403,
  unauthenticated: 401,
  'resource-exhausted': 429,
  unavailable: 503,
  // Nobody is there to read it.
  cancelled: 499,
  'deadline-exceeded': 504,
  internal: 500,
};

export interface HttpError {
  readonly status: number;
  /** `{kind, message}`, from which the page makes its `AppError`. */
  readonly json: string;
}

/** Internal errors leave as a bland sentence with the request's id, as in gRPC. */
export function toHttpError(thrown: unknown, requestId: string): HttpError {
  const { kind } = AppError.from(thrown);
  return {
    status: statusByKind[kind],
    json: JSON.stringify({ kind, message: toServerError(thrown, requestId).details }),
  };
}
