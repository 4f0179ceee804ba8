/** Which failures a worker should not try again. */

import type { AppError } from '../../src/core/errors.js';

/** Internal errors in a row that are still taken for an accident, such as a stream cut off by a proxy. */
const accidents = 5;

/**
 * Whether trying again cannot help: a bad token, a request that the server will never accept, or something that keeps
 * going wrong inside.
 *
 * @param failures how often it failed before, in a row
 */
export function isLasting(error: AppError, failures: number): boolean {
  switch (error.kind) {
    case 'unavailable':
    case 'deadline-exceeded':
    case 'resource-exhausted':
    case 'cancelled':
      return false;
    case 'internal':
      return failures >= accidents;
    default:
      return true;
  }
}
