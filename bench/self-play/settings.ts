/** Flags of the self-play benchmarks. */

import { check } from '../../src/core/errors.js';

/** The flags as numbers above 0. */
export function readNumbers<K extends string>(values: Readonly<Record<K, string>>): Record<K, number> {
  const numbers = Object.entries<string>(values).map(([name, text]): [string, number] => {
    check(Number(text) > 0, () => `--${name} is '${text}'; it must be a number above 0`);
    return [name, Number(text)];
  });
  return Object.fromEntries(numbers) as Record<K, number>;
}

/** `auto` or `fp32`. */
export function readPrecision(text: string): 'auto' | 'fp32' {
  check(text === 'auto' || text === 'fp32', () => `--precision is '${text}'; it must be auto or fp32`);
  return text;
}
