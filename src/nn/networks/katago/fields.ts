/** Checks the fields of a description that comes from outside. */

import { check } from '../../../core/errors.js';
import { shown } from '../../../core/quoted.js';

const MAX_CHANNELS = 4096;

/** A number of channels. */
export function width(fields: Partial<Record<string, unknown>>, name: string): number {
  return whole(fields[name], name, 1, MAX_CHANNELS);
}

/** A whole number between limits. */
export function whole(seen: unknown, name: string, min: number, max: number): number {
  check(
    Number.isInteger(seen) && (seen as number) >= min && (seen as number) <= max,
    () => `Architecture ${name} is ${shown(seen)}; it must be a whole number from ${min} to ${max}`,
  );
  return seen as number;
}

/** The fields of an object. */
export function fieldsOf(value: unknown, what: string): Partial<Record<string, unknown>> {
  check(typeof value === 'object' && value !== null && !Array.isArray(value), `${what} must be an object`);
  return value;
}
