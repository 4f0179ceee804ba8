import { describe, expect, it } from 'vitest';
import { shown } from '../../../src/core/quoted.js';

describe('a value in a sentence', () => {
  it.each([
    [undefined, 'missing'],
    [null, 'null'],
    [NaN, 'NaN'],
    [-Infinity, '-Infinity'],
    [1.5, '1.5'],
    ['a "b"', '"a \\"b\\""'],
    [[1, 'x'], '[1,"x"]'],
    ['x'.repeat(200), `"${'x'.repeat(99)}…`],
    ['a\u2028', '"a\\u2028"'],
  ])('shows %j as %s', (value, text) => {
    expect(shown(value)).toBe(text);
  });
});
