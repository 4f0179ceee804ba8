import { expect, test } from 'vitest';

import { decodeSafetensors, encodeSafetensors } from '../../../src/nn/safetensors.js';

/** A file from a header (text or JSON) and the number of bytes of tensors. */
function file(header: unknown, bodyBytes = 0, claimed?: number): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + bodyBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(claimed ?? text.length), true);
  bytes.set(text, 8);
  return bytes;
}

function entry(begin: number, end: number, change: object = {}): object {
  return { dtype: 'F32', shape: [(end - begin) / 4], data_offsets: [begin, end], ...change };
}

test('tensors and metadata come back as they were written', () => {
  const tensors = new Map([
    ['b/filter', { shape: [2, 1, 3], data: Float32Array.of(1, -2.5, 1e-30, 0, 3e38, -0) }],
    ['a', { shape: [], data: Float32Array.of(7) }],
    ['ünïcode "quoted"', { shape: [0, 4], data: new Float32Array(0) }],
  ]);
  const { tensors: read, metadata } = decodeSafetensors(encodeSafetensors(tensors, { b: '2', a: '{"x":1}' }));
  expect(metadata).toEqual({ a: '{"x":1}', b: '2' });
  expect(read.size).toBe(3);
  for (const [name, { shape, data }] of tensors) expect(read.get(name)).toEqual({ dtype: 'F32', shape, data });
});

test('a Buffer is read like any other bytes', () => {
  const tensors = new Map([
    ['a', { shape: [1], data: Float32Array.of(1) }],
    ['b', { shape: [2], data: Float32Array.of(2, 3) }],
  ]);
  const { tensors: read } = decodeSafetensors(Buffer.from(encodeSafetensors(tensors)));
  expect(read.get('b')?.data).toEqual(Float32Array.of(2, 3));
});

test('equal content gives equal bytes whatever the order, and a view of a larger buffer is written alone', () => {
  const one = { shape: [2], data: Float32Array.of(9, 1, 2, 9).subarray(1, 3) };
  const two = { shape: [1], data: Float32Array.of(3) };
  const forward = encodeSafetensors(new Map([['one', one], ['two', two]]), { x: '1', y: '2' }); // prettier-ignore
  const backward = encodeSafetensors(new Map([['two', two], ['one', one]]), { y: '2', x: '1' }); // prettier-ignore
  expect(forward).toEqual(backward);
  expect(Array.from(decodeSafetensors(forward).tensors.get('one')!.data as Float32Array)).toEqual([1, 2]);
});

test('the layout is that of the format: length, header padded to eight bytes, tensors', () => {
  const bytes = encodeSafetensors(new Map([['w', { shape: [1], data: Float32Array.of(1) }]]));
  const text = '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
  expect(bytes.subarray(0, 8)).toEqual(Uint8Array.of(56, 0, 0, 0, 0, 0, 0, 0));
  expect(new TextDecoder().decode(bytes.subarray(8, 64))).toBe(text.padEnd(56));
  expect(bytes.subarray(64)).toEqual(Uint8Array.of(0, 0, 0x80, 0x3f));
});

test('half, bfloat16 and int64 tensors are read', () => {
  const bytes = file(
    {
      half: { dtype: 'F16', shape: [2], data_offsets: [0, 4] },
      brain: { dtype: 'BF16', shape: [2], data_offsets: [4, 8] },
      long: { dtype: 'I64', shape: [1], data_offsets: [8, 16] },
    },
    16,
  );
  bytes.set(
    [0x00, 0x3c, 0x00, 0xc1, 0x80, 0x3f, 0x20, 0xc1, 0xfe, 255, 255, 255, 255, 255, 255, 255],
    bytes.length - 16,
  );
  const { tensors } = decodeSafetensors(bytes);
  expect(tensors.get('half')!.data).toEqual(Float32Array.of(1, -2.5));
  expect(tensors.get('brain')!.data).toEqual(Float32Array.of(1, -10));
  expect(tensors.get('long')!.data).toEqual(BigInt64Array.of(-2n));
});

test('a file inside a larger buffer is read from where it begins', () => {
  const bytes = encodeSafetensors(new Map([['w', { shape: [1], data: Float32Array.of(5) }]]));
  const larger = new Uint8Array(bytes.length + 3);
  larger.set(bytes, 3);
  expect(decodeSafetensors(larger.subarray(3)).tensors.get('w')!.data).toEqual(Float32Array.of(5));
});

const tooLarge = 2 ** 40;
test.each<[string, Uint8Array, RegExp]>([
  ['an empty file', new Uint8Array(0), /it has 0 bytes; safetensors has at least 8/],
  ['a header longer than the file', file({}, 0, 3), /does not begin with the length of a safetensors header/],
  ['an absurd header length', file({}, 0, tooLarge), /does not begin with the length of a safetensors header/],
  ['a header that is not JSON', file('{"a":'), /not JSON/],
  ['a header that is not UTF-8', file('{}', 2, 4).fill(0xff, 10), /not JSON in UTF-8/],
  ['a header that is a list', file([]), /must be a JSON object/],
  ['metadata that is not text', file({ __metadata__: { a: 1 } }), /metadata 'a' must be a string/],
  ['metadata that is a list', file({ __metadata__: [] }), /__metadata__ must be an object/],
  ['an entry that is a number', file({ w: 1 }), /entry 'w' must be an object/],
  [
    'an unknown dtype',
    file({ w: entry(0, 4, { dtype: 'F64' }) }, 4),
    /The dtype of tensor 'w' is "F64"; it must be one of F32, F16/,
  ],
  ['a dtype named like a method', file({ w: entry(0, 4, { dtype: 'toString' }) }, 4), /'w' is "toString"/],
  ['a missing shape', file({ w: { dtype: 'F32', data_offsets: [0, 4] } }, 4), /The shape of tensor 'w' is missing/],
  ['a negative length', file({ w: entry(0, 4, { shape: [-1] }) }, 4), /'w' is \[-1\]; it must be a list of whole/],
  ['a fractional offset', file({ w: entry(0, 4, { data_offsets: [0, 4.5] }) }, 4), /two whole numbers/],
  ['one offset', file({ w: entry(0, 4, { data_offsets: [0] }) }, 4), /two whole numbers/],
  [
    'a shape that does not fit',
    file({ w: entry(0, 8, { shape: [3] }) }, 8),
    /has 8 bytes; its shape \[3\] of F32 needs 12/,
  ],
  ['an end before the beginning', file({ w: entry(0, 4, { data_offsets: [4, 0] }) }, 4), /has -4 bytes/],
  ['overlapping tensors', file({ a: entry(0, 8), b: entry(4, 12) }, 12), /'b' begins at byte 4; .* ends at 8/],
  ['a gap between tensors', file({ a: entry(0, 4), b: entry(8, 12) }, 12), /'b' begins at byte 8; .* ends at 4/],
  ['a tensor past the end', file({ a: entry(0, 8) }, 4), /'a' ends at byte 8; the file has 4/],
  ['bytes after the last tensor', file({ a: entry(0, 4) }, 8), /has 8 bytes of tensors; its header describes 4/],
])('%s is refused with a sentence', (_, bytes, message) => {
  expect(() => decodeSafetensors(bytes)).toThrow(message);
  expect(() => decodeSafetensors(bytes)).toThrow(expect.objectContaining({ kind: 'invalid-argument' }));
});

test('writing refuses data that does not fit its shape, and a tensor with the name of the metadata', () => {
  const data = new Float32Array(3);
  expect(() => encodeSafetensors(new Map([['w', { shape: [2], data }]]))).toThrow(/'w' has 3 values for \[2\]/);
  expect(() => encodeSafetensors(new Map([['__metadata__', { shape: [3], data }]]))).toThrow(/may not be called/);
});
