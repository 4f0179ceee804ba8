/** Packed evaluations as the bytes of an answer of Evaluate, the same that `evaluationsToWire` and the generated code would write. */

import {
  EVALUATION_FLOATS,
  evaluationBytes,
  ownershipAt,
  type PackedEvaluations,
  POLICY_AT,
} from '../go/packed-evaluation.js';

// Tags of an answer's evaluations, and of their fields.
const EVALUATION = 0x1a;
const POLICY = 0x0a;
/** Of win, draw, loss and score. */
const FLOATS = [0x15, 0x1d, 0x25, 0x2d];
const OWNERSHIP = 0x32;
const DETAILS = 0x3a;
const DETAIL_FLOATS = [0x0d, 0x15, 0x1d, 0x25, 0x2d];

/** Bytes of the details behind their length. */
const DETAIL_BYTES = 5 * DETAIL_FLOATS.length;

/** @param header the bytes of the answer without evaluations */
export function packedAnswer(header: Uint8Array, evaluations: PackedEvaluations): Uint8Array {
  const { count, size, ownership, bytes } = evaluations;
  const [policy, owners] = [2 * (size * size + 1), ownership ? 2 * size * size : 0];
  const plain = field(policy) + 5 * FLOATS.length + (ownership ? field(owners) : 0);
  const detailed = plain + 2 + DETAIL_BYTES;
  const floats = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const stride = evaluationBytes(size, ownership);
  let details = 0;
  for (let i = 0; i < count; i++) if (hasDetails(floats, (i * stride) / 4)) details++;
  const total = header.length + (count - details) * field(plain) + details * field(detailed);
  const writer = { out: new Uint8Array(total), at: header.length };
  writer.out.set(header);
  for (let i = 0; i < count; i++) {
    const from = i * stride;
    const withDetails = hasDetails(floats, from / 4);
    begin(writer, EVALUATION, withDetails ? detailed : plain);
    begin(writer, POLICY, policy);
    copy(writer, bytes, from + POLICY_AT, policy);
    for (let k = 0; k < FLOATS.length; k++) writeFloat(writer, FLOATS[k]!, bytes, from + 4 * k);
    if (ownership) {
      begin(writer, OWNERSHIP, owners);
      copy(writer, bytes, from + ownershipAt(size), owners);
    }
    if (!withDetails) continue;
    begin(writer, DETAILS, DETAIL_BYTES);
    for (let k = 0; k < DETAIL_FLOATS.length; k++)
      writeFloat(writer, DETAIL_FLOATS[k]!, bytes, from + 4 * (FLOATS.length + k));
  }
  return writer.out;
}

/** Whether the network says more than the score. */
function hasDetails(floats: Float32Array, at: number): boolean {
  for (let i = FLOATS.length; i < EVALUATION_FLOATS; i++) if (!Number.isNaN(floats[at + i]!)) return true;
  return false;
}

interface Writer {
  readonly out: Uint8Array;
  at: number;
}

/** Bytes of a field with `length` bytes in it: a tag and their number are in front of them. */
function field(length: number): number {
  return length + (length < 0x80 ? 2 : length < 0x4000 ? 3 : 4);
}

function begin(writer: Writer, tag: number, length: number): void {
  const { out } = writer;
  out[writer.at++] = tag;
  let left = length;
  for (; left >= 0x80; left >>>= 7) out[writer.at++] = (left & 0x7f) | 0x80;
  out[writer.at++] = left;
}

function copy(writer: Writer, bytes: Uint8Array, from: number, count: number): void {
  const { out, at } = writer;
  for (let i = 0; i < count; i++) out[at + i] = bytes[from + i]!;
  writer.at += count;
}

function writeFloat(writer: Writer, tag: number, bytes: Uint8Array, from: number): void {
  writer.out[writer.at++] = tag;
  copy(writer, bytes, from, 4);
}
