/**
 * 64-bit numbers as they travel. A message has them as bigint where the peer chooses them; where only the server says
 * them, they are counts, sizes and times, and proto/ marks those `jstype = JS_NUMBER`.
 */

import { check } from '../core/errors.js';
import type { Seed } from '../core/rng.js';

/** A seed of any 64 bits. */
export function seedFromWire(value: bigint): Seed {
  return isExact(value) ? Number(value) : value;
}

/** The place in an order that a peer has reached; the store has no place beyond 2⁵³, so each of those means its end. */
export function sequenceFromWire(value: bigint): number {
  return isExact(value) ? Number(value) : Number.MAX_SAFE_INTEGER;
}

/** A count, a size in bytes or a time. @throws AppError 'invalid-argument' naming the field unless least ≤ value ≤ most */
export function countFromWire(field: string, value: bigint, most = Number.MAX_SAFE_INTEGER, least = 0): number {
  check(value >= least && value <= most, () => `${field} is ${value}; it must be from ${least} to ${most}`);
  return Number(value);
}

function isExact(value: bigint): boolean {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
}
