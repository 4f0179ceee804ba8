/**
 * The safetensors format (github.com/huggingface/safetensors, "Format"): eight bytes with the little-endian length of
 * a JSON header, the header, then the tensors' bytes without gaps. Writing is deterministic: tensors and metadata are
 * sorted by name, so equal content gives equal bytes.
 */

import { AppError, check } from '../core/errors.js';
import { shown } from '../core/quoted.js';
import { fromHalfBits } from '../core/half.js';

/** A named array of a file, row-major. F16, BF16 and F32 are read into `Float32Array` (exact), I64 as it is. */
export interface StoredTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** What a safetensors file holds. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** The header's `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
}

const dtypeSize = { F32: 4, F16: 2, BF16: 2, I64: 8 } as const;
/** The element types that can be read; only F32 is written. */
export type Dtype = keyof typeof dtypeSize;

/** The same bound as the reference implementation's, so that a bad length never makes us parse the whole file. */
const MAX_HEADER_BYTES = 100_000_000;

/** Models of one file have a few thousand. */
const MAX_TENSORS = 32_768;

/**
 * Writes float tensors as F32.
 *
 * @throws AppError 'invalid-argument' if a tensor's length does not fit its shape, or a name is `__metadata__`
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const names = [...tensors.keys()].sort(byCodeUnit);
  const entries: [string, unknown][] = [];
  const keys = Object.keys(metadata).sort(byCodeUnit);
  if (keys.length > 0) entries.push(['__metadata__', Object.fromEntries(keys.map((key) => [key, metadata[key]]))]);
  let end = 0;
  for (const name of names) {
    const { shape, data } = tensors.get(name)!;
    check(name !== '__metadata__', `A tensor may not be called '__metadata__'`);
    check(data.length === elementCount(shape), () => `Tensor '${name}' has ${data.length} values for ${show(shape)}`);
    entries.push([name, { dtype: 'F32', shape, data_offsets: [end, end + data.byteLength] }]);
    end += data.byteLength;
  }
  const json = new TextEncoder().encode(
    `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join(',')}}`,
  );
  const headerBytes = Math.ceil(json.length / 8) * 8; // padded with spaces so that the tensors are aligned
  const bytes = new Uint8Array(8 + headerBytes + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, 8 + json.length, 8 + headerBytes);
  bytes.set(json, 8);
  let at = 8 + headerBytes;
  for (const name of names) {
    const { data } = tensors.get(name)!;
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Reads a whole file; the tensors are copies, `bytes` may be reused.
 *
 * @throws AppError 'invalid-argument' with a sentence for every way a file can be malformed: truncated, a bad header,
 *   an unknown dtype, offsets that overlap, leave gaps, pass the end or do not fit the shape
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  const header = readHeader(bytes);
  const body = bytes.subarray(8 + header.bytes);
  const entries: Entry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header.value)) {
    if (name === '__metadata__') metadata = readMetadata(value);
    else entries.push(readEntry(name, value));
  }
  checkOffsets(entries, body.length);
  const tensors = new Map(entries.map((entry) => [entry.name, readTensor(entry, body)]));
  return { tensors, metadata };
}

interface Entry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readHeader(bytes: Uint8Array): { bytes: number; value: object } {
  // What a file that is something else holds is not shown: it may be a secret that somebody points the server at.
  check(bytes.length >= 8, `The file is no model file: it has ${bytes.length} bytes; safetensors has at least 8`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  const allowed = Math.min(bytes.length - 8, MAX_HEADER_BYTES);
  check(
    length >= 2n && length <= BigInt(allowed),
    'The file is no model file: it does not begin with the length of a safetensors header that fits into it',
  );
  const text = new TextDecoder('utf-8', { fatal: true });
  let value: unknown;
  try {
    value = JSON.parse(text.decode(bytes.subarray(8, 8 + Number(length))));
  } catch (error) {
    throw new AppError('invalid-argument', 'The file is no model file: its safetensors header is not JSON in UTF-8', {
      cause: error,
    });
  }
  check(isRecord(value), 'The safetensors header must be a JSON object');
  const tensors = Object.keys(value).length;
  check(tensors <= MAX_TENSORS, `The safetensors header has ${tensors} entries; at most ${MAX_TENSORS} are allowed`);
  return { bytes: Number(length), value };
}

function readMetadata(value: unknown): Record<string, string> {
  check(isRecord(value), `The header's __metadata__ must be an object of strings`);
  for (const [key, text] of Object.entries(value)) {
    check(typeof text === 'string', `The metadata '${key}' must be a string`);
  }
  return value as Record<string, string>;
}

function readEntry(name: string, value: unknown): Entry {
  check(isRecord(value), `The header's entry '${name}' must be an object`);
  const { dtype, shape, data_offsets: offsets } = value as Partial<Record<string, unknown>>;
  check(
    typeof dtype === 'string' && Object.hasOwn(dtypeSize, dtype),
    () => `The dtype of tensor '${name}' is ${shown(dtype)}; it must be one of ${Object.keys(dtypeSize).join(', ')}`,
  );
  check(
    Array.isArray(shape) && shape.every(isCount),
    () => `The shape of tensor '${name}' is ${shown(shape)}; it must be a list of whole numbers`,
  );
  check(
    Array.isArray(offsets) && offsets.length === 2 && offsets.every(isCount),
    () => `The data_offsets of tensor '${name}' are ${shown(offsets)}; they must be two whole numbers`,
  );
  const [begin, end] = offsets as [number, number];
  const needed = elementCount(shape as number[]) * dtypeSize[dtype as Dtype];
  check(
    end - begin === needed,
    () => `Tensor '${name}' has ${end - begin} bytes; its shape ${show(shape as number[])} of ${dtype} needs ${needed}`,
  );
  return { name, dtype: dtype as Dtype, shape: shape as number[], begin, end };
}

/** Tensors must tile the body exactly: no overlap, no gap, nothing after the last. */
function checkOffsets(entries: readonly Entry[], bodyBytes: number): void {
  let at = 0;
  for (const entry of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    check(
      entry.begin === at,
      () => `Tensor '${entry.name}' begins at byte ${entry.begin}; the tensor before it ends at ${at}`,
    );
    check(
      entry.end <= bodyBytes,
      () => `Tensor '${entry.name}' ends at byte ${entry.end}; the file has ${bodyBytes} bytes of tensors`,
    );
    at = entry.end;
  }
  check(at === bodyBytes, `The file has ${bodyBytes} bytes of tensors; its header describes ${at}`);
}

/** Typed arrays are little-endian on every platform that Node and ONNX Runtime support. */
function readTensor({ dtype, shape, begin, end }: Entry, body: Uint8Array): StoredTensor {
  // A copy, hence aligned; `slice` would not copy from a Buffer, which is how files and messages arrive.
  const { buffer } = new Uint8Array(body.subarray(begin, end));
  switch (dtype) {
    case 'F32':
      return { dtype, shape, data: new Float32Array(buffer) };
    case 'F16':
      return { dtype, shape, data: Float32Array.from(new Uint16Array(buffer), fromHalfBits) };
    case 'BF16':
      return { dtype, shape, data: new Float32Array(Uint32Array.from(new Uint16Array(buffer), (b) => b << 16).buffer) };
    case 'I64':
      return { dtype, shape, data: new BigInt64Array(buffer) };
  }
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function show(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Not localeCompare: file bytes must not depend on the machine's language. */
function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
