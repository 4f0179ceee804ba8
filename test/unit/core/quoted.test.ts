import { describe, expect, it } from 'vitest';
import { nearest } from '../../../src/core/config.js';
import { hasControlCharacters, quoted } from '../../../src/core/quoted.js';
import { checkModelName } from '../../../src/core/model-name.js';

describe('a value from outside', () => {
  it.each([
    ['plain', "'plain'"],
    ['two\nlines', "'two\\nlines'"],
    ['\u001b[31mred\u0007', "'\\u001b[31mred\\u0007'"],
    ['turned \u202e round', "'turned \\u202e round'"],
    ['\u2028', "'\\u2028'"],
    ['half \ud800', "'half \\ud800'"],
    ['碁 ♟', "'碁 ♟'"],
  ])('is shown in one line: %j', (text, shown) => {
    expect(quoted(text)).toBe(shown);
    expect(hasControlCharacters(text)).toBe(shown.includes('\\'));
  });

  it('is cut where it is long', () => {
    expect(quoted('x'.repeat(8_000_000))).toBe(`'${'x'.repeat(100)}…'`);
    expect(nearest('prot'.padEnd(8_000_000, 'x'), ['port', 'host'])).toBe('port');
  });

  it('is no model name with control characters, or if it is too long', () => {
    expect(() => checkModelName('a\u001b[2Jb')).toThrow("The model name is 'a\\u001b[2Jb'; it must be 1 to 64");
    expect(() => checkModelName('a'.repeat(65))).toThrow('must be 1 to 64');
    expect(() => checkModelName('a\n')).toThrow("'a\\n'");
  });
});
