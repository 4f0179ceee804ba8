import { describe, expect, it } from 'vitest';
import { wordOf } from '../../../src/wire/enums.js';

describe('the numbers of an enum', () => {
  const words = [undefined, 'a', 'b', 'c'] as const;

  it('are words', () => {
    expect([1, 2, 3].map((value) => wordOf('kind', value, words))).toEqual(['a', 'b', 'c']);
    expect(wordOf('kind', 0, ['a', 'a', 'b'])).toBe('a');
  });

  it.each([0, -1, 4, 99])('are no others, such as %d', (value) => {
    expect(() => wordOf('kind', value, words)).toThrow(`kind is ${value}; it must be 1 (a), 2 (b) or 3 (c)`);
  });
});
