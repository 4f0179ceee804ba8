/** Values that programs tend to forget. */

import type { Rng } from '../../src/core/rng.js';

export function pick<T>(rng: Rng, list: readonly T[]): T {
  return list[rng.int(list.length)]!;
}

const integers: readonly bigint[] = [
  ...[0n, 1n, 2n, 3n, 7n, 19n, 64n, 255n, 256n, 1000n, 1024n, 1025n, 16_384n, 16_385n, 65_535n, 65_536n, 1_000_000n],
  ...[-1n, -2n, -128n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 31n + 1n, -(2n ** 31n), -(2n ** 31n) - 1n],
  ...[2n ** 32n - 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n],
];

/** An integer at an edge, or a small one. */
export function extremeInteger(rng: Rng): bigint {
  return rng.int(4) === 0 ? BigInt(rng.int(400)) : pick(rng, integers);
}

const floats: readonly number[] = [
  ...[
    0,
    -0,
    1,
    -1,
    0.5,
    -0.5,
    2,
    0.1,
    1e-3,
    7.5,
    1e9,
    -1e9,
    150.5,
    151,
    2 ** 31,
    2 ** 53 + 2,
    1e38,
    -1e38,
    1e39,
    1e308,
  ],
  ...[1.4e-45, 5e-324, 1.1754942e-38, Number.EPSILON, Number.MAX_VALUE, -Number.MAX_VALUE, NaN, Infinity, -Infinity],
];

/** A number at an edge, or one in [-1, 1). */
export function extremeFloat(rng: Rng): number {
  return rng.int(4) === 0 ? 2 * rng.float() - 1 : pick(rng, floats);
}

const texts: readonly string[] = [
  ...[
    '',
    ' ',
    'a',
    '0',
    '-1',
    '1e999',
    '0x10',
    'null',
    'true',
    '{}',
    '[]',
    '{"a":1}',
    '"',
    "'",
    '`',
    '\\',
    '%s%n%d',
    '%00',
  ],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    '..',
    '../..',
    '/',
    '/dev/zero',
    '/proc/self/mem',
  ],
  ...[
    '@',
    'a@',
    '@b',
    'a@b@c',
    'a@000000000000',
    'a/b',
    'a\\b',
    'a b',
    'a\nb',
    'a\r\nb',
    'a\tb',
    'a\u0000b',
    '\u0000',
    '\u001b[31m',
  ],
  ...[
    '\u007f',
    '\u0085',
    '\u2028',
    '\ufeff',
    '\ufffe',
    '\u202eabc',
    'é',
    'e\u0301',
    '囲碁',
    '😀',
    '👩‍👩‍👧‍👧',
    'ﷺ',
    'Ω'.repeat(64),
    'İ',
    'ß',
  ],
  ...[
    'x'.repeat(63),
    'x'.repeat(64),
    'x'.repeat(65),
    'x'.repeat(256),
    'x'.repeat(5000),
    '('.repeat(500),
    '(a+)+$',
    '[',
    '*',
    '\\1',
  ],
  ...[
    'D4',
    'pass',
    'T19',
    'Z99',
    'black',
    'b',
    'resign',
    '.',
    '-',
    '--',
    '$(true)',
    '; true',
    '127.0.0.1:1',
    'localhost:99999',
  ],
];

/** A text at an edge, or one of `known`. */
export function extremeText(rng: Rng, known: readonly string[] = []): string {
  return known.length > 0 && rng.int(3) === 0 ? pick(rng, known) : pick(rng, texts);
}

const badUtf8: readonly Buffer[] = ['ff', 'c0af', 'eda080', 'f8888080', '61ff62', 'e28828', 'f4908080', '80', 'fe'].map(
  (hex) => Buffer.from(hex, 'hex'),
);

/** Bytes of a text at an edge; now and then bytes that are no text. */
export function extremeTextBytes(rng: Rng, known: readonly string[] = []): Buffer {
  return rng.int(12) === 0 ? pick(rng, badUtf8) : Buffer.from(extremeText(rng, known));
}

/** Random bytes, most often few. */
export function extremeBytes(rng: Rng): Buffer {
  const length = pick(rng, [0, 1, 2, 3, 4, 8, 9, 25, 49, 50, 81, 100, 361, 1000, 4096]);
  const fill = rng.int(4);
  return Buffer.from(Uint8Array.from({ length }, () => (fill === 0 ? 0 : fill === 1 ? rng.int(3) : rng.int(256))));
}

/** Bytes with one kind of damage: cut short, bits turned, a piece put in, taken out or doubled. */
export function damagedBytes(rng: Rng, bytes: Uint8Array): Buffer {
  const out = Buffer.from(bytes);
  const at = rng.int(out.length + 1);
  const length = 1 + rng.int(Math.min(16, out.length + 1));
  switch (rng.int(6)) {
    case 0:
      return out.subarray(0, at);
    case 1:
    case 2:
      for (let i = 0, turns = 1 + rng.int(4); i < turns && out.length > 0; i++)
        out[rng.int(out.length)]! ^= 1 << rng.int(8);
      return out;
    case 3:
      return Buffer.concat([out.subarray(0, at), extremeBytes(rng), out.subarray(at)]);
    case 4:
      return Buffer.concat([out.subarray(0, at), out.subarray(at + length)]);
    default:
      return Buffer.concat([out.subarray(0, at + length), out.subarray(at)]);
  }
}
