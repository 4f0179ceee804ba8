/** Expects numbers but for their last digits. */

import { expect } from 'vitest';

/** The value with each number in it replaced by what expects that number but for its last digits; Float32Arrays stay. */
export function nearly(value: unknown): unknown {
  if (typeof value === 'number') return Number.isNaN(value) ? NaN : expect.closeTo(value, 12);
  if (value instanceof Float32Array) return value;
  if (Array.isArray(value)) return value.map(nearly);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, nearly(each)]));
}
