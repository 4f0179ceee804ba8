import { expect, it } from 'vitest';
import { decodeHalves, encodeHalves, fromHalfBits, toHalfBits } from '../../../src/core/half.js';

const all = Array.from({ length: 65_536 }, (_, bits) => bits);
const isNumber = (bits: number): boolean => (bits & 0x7c00) !== 0x7c00 || (bits & 0x3ff) === 0;

it('halves have their values by the definition of the format', () => {
  const halves: [bits: number, value: number][] = [
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 1365 / 4096],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65_504],
    [0xfc00, -Infinity],
  ];
  const bytes = Uint8Array.from(halves.flatMap(([bits]) => [bits & 0xff, bits >> 8]));
  expect([...decodeHalves(bytes)]).toEqual(halves.map(([, value]) => value));
});

it('all are unpacked as one by one, and pack to what they were', () => {
  const bytes = Uint8Array.from(all.flatMap((bits) => [bits & 0xff, bits >> 8]));
  const values = decodeHalves(bytes);
  const wrong = all.filter((bits) => !Object.is(values[bits], fromHalfBits(bits)));
  expect(wrong).toEqual([]);
  expect(all.filter((bits) => isNumber(bits) && toHalfBits(values[bits]!) !== bits)).toEqual([]);
  const packed = encodeHalves(values);
  expect(all.filter((bits) => isNumber(bits) && packed[2 * bits]! + 256 * packed[2 * bits + 1]! !== bits)).toEqual([]);
});
