/** Flags of the self-play benchmarks. */

import { check } from '../../src/core/errors.js';

/** Flags of the network, its games and the server's session threads. */
export const playFlags = {
  size: { type: 'string', default: '7' },
  blocks: { type: 'string', default: '4' },
  channels: { type: 'string', default: '32' },
  games: { type: 'string', default: '64' },
  threads: { type: 'string', default: '2' },
} as const;

/** The flags as numbers above 0. */
export function readNumbers<K extends string>(values: Readonly<Record<K, string>>): Record<K, number> {
  const numbers = Object.entries<string>(values).map(([name, text]): [string, number] => {
    check(Number(text) > 0, () => `--${name} is '${text}'; it must be a number above 0`);
    return [name, Number(text)];
  });
  return Object.fromEntries(numbers) as Record<K, number>;
}

export function readPrecision(text: string): 'auto' | 'fp32' {
  check(text === 'auto' || text === 'fp32', () => `--precision is '${text}'; it must be auto or fp32`);
  return text;
}
