import { describe, expect, it } from 'vitest';
import { fixedHandicap, freeHandicap, maxFixedHandicap } from '../../../src/go/handicap.js';
import { defaultRules } from '../../../src/go/rules.js';
import { formatVertex, parseVertex } from '../../../src/go/vertex.js';

describe('vertices', () => {
  it('count columns from the left without I and rows from the bottom', () => {
    expect(['A19', 'T1', 'J10', 'h10', ' q16 '].map((text) => parseVertex(text, 19))).toEqual([0, 360, 179, 178, 72]);
    expect([0, 360, 179, 361].map((action) => formatVertex(action, 19))).toEqual(['A19', 'T1', 'J10', 'pass']);
    expect(parseVertex('PASS', 9)).toBe(81);
  });
  it.each(['', 'I5', 'A0', 'A10', 'K1', '5A', 'A', 'AA1', 'A1.5', 'D4 D5', 'Å1'])('refuses %j on 9×9', (text) => {
    expect(() => parseVertex(text, 9)).toThrow(`'${text}' is not a vertex; size 9 has A1 to J9, and pass`);
  });
});

const vertices = (size: number, stones: number): string =>
  fixedHandicap(size, stones)
    .map((point) => formatVertex(point, size))
    .join(' ');

describe('handicap', () => {
  it('has the points of the GTP specification', () => {
    expect(vertices(19, 9)).toBe('D4 Q16 D16 Q4 D10 Q10 K4 K16 K10');
    expect(vertices(19, 8)).toBe('D4 Q16 D16 Q4 D10 Q10 K4 K16');
    expect(vertices(19, 7)).toBe('D4 Q16 D16 Q4 D10 Q10 K10');
    expect(vertices(13, 5)).toBe('D4 K10 D10 K4 G7');
    expect(vertices(9, 4)).toBe('C3 G7 C7 G3');
    expect(vertices(7, 2)).toBe('C3 E5');
  });
  it('has at most 9 stones on odd sizes from 9, 4 on even sizes and 7, none below', () => {
    expect([19, 18, 13, 9, 8, 7, 6, 5].map(maxFixedHandicap)).toEqual([9, 4, 9, 9, 4, 4, 0, 0]);
    expect(() => fixedHandicap(18, 5)).toThrow('handicap is 5; size 18 has fixed handicaps 2 to 4');
    expect(() => fixedHandicap(6, 2)).toThrow('size 6 has no fixed handicap');
    expect(() => fixedHandicap(9, 1)).toThrow('handicap is 1');
  });
  it('placed freely is as many stones as there are good points, at most', () => {
    expect(freeHandicap(9, 20)).toHaveLength(9);
    expect(freeHandicap(9, 3)).toEqual(fixedHandicap(9, 3));
    expect(() => freeHandicap(9, 1)).toThrow('handicap is 1; it must be a whole number from 2 to 80');
    expect(() => freeHandicap(5, 2)).toThrow('Size 5 has no handicap points');
  });
});

describe('the default rules', () => {
  it('have a komi for every size that the checks accept', () => {
    expect([5, 6, 7, 9, 13, 19].map((size) => defaultRules(size).komi)).toEqual([0.5, 4, 9, 7.5, 7.5, 7.5]);
  });
});
