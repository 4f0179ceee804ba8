/**
 * Messages as trees of raw fields: read from bytes with their type in hand, changed field by field into what no generated
 * code would write, and written again.
 */

import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import type { Rng } from '../../src/core/rng.js';
import { extremeBytes, extremeFloat, extremeInteger, extremeTextBytes, pick } from './extremes.js';
import { mutatedJsonText } from './json.js';
import type { FieldShape, Shape } from './shape.js';

/** A field as it stands in the bytes. */
interface RawField {
  readonly number: number;
  readonly wire: FieldShape['wire'];
  readonly value: bigint | Uint8Array | MessageTree;
}

export interface MessageTree {
  readonly type: Shape;
  readonly fields: readonly RawField[];
}

/** Reads a message; lists of numbers come out one by one. */
export function readTree(type: Shape, bytes: Uint8Array): MessageTree {
  const reader = new BinaryReader(bytes);
  const fields: RawField[] = [];
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag() as [number, FieldShape['wire']];
    const field = type.fields.find((each) => each.number === number);
    if (wire !== 2) fields.push({ number, wire, value: readNumber(reader, wire) });
    else if (field?.message) fields.push({ number, wire, value: readTree(field.message, reader.bytes()) });
    else if (field && field.wire !== 2) fields.push(...unpacked(field, reader.bytes()));
    else fields.push({ number, wire, value: reader.bytes() });
  }
  return { type, fields };
}

function readNumber(reader: BinaryReader, wire: 0 | 1 | 5): bigint | Uint8Array {
  if (wire === 0) return BigInt(reader.uint64());
  const bytes = Buffer.alloc(wire === 1 ? 8 : 4);
  if (wire === 1) bytes.writeBigUInt64LE(BigInt(reader.fixed64()));
  else bytes.writeUInt32LE(reader.fixed32());
  return bytes;
}

function unpacked({ number, wire }: FieldShape, bytes: Uint8Array): RawField[] {
  const reader = new BinaryReader(bytes);
  const fields: RawField[] = [];
  while (reader.pos < reader.len) fields.push({ number, wire, value: readNumber(reader, wire as 0 | 1 | 5) });
  return fields;
}

/** Writes a message, whatever stands in it. */
export function writeTree({ fields }: MessageTree): Uint8Array {
  const writer = new BinaryWriter();
  for (const { number, wire, value } of fields) {
    writer.uint32(number * 8 + wire);
    if (typeof value === 'bigint') writer.uint64(BigInt.asUintN(64, value));
    else if (isTree(value)) writer.bytes(writeTree(value));
    else if (wire === 2) writer.bytes(value);
    else writer.raw(value);
  }
  return writer.finish();
}

function isTree(value: RawField['value']): value is MessageTree {
  return typeof value === 'object' && !(value instanceof Uint8Array);
}

/** Makes and changes messages. */
export class MessageMutator {
  readonly #rng: Rng;
  readonly #known: readonly string[];

  /** @param known names that mean something to the server */
  constructor(rng: Rng, known: readonly string[]) {
    this.#rng = rng;
    this.#known = known;
  }

  /** A message with any fields. */
  random(type: Shape, depth = 0): MessageTree {
    const { fields } = type;
    const count = fields.length === 0 || depth > 4 ? 0 : this.#rng.int(fields.length + 2);
    const chosen = Array.from({ length: count }, () => pick(this.#rng, fields));
    const all = chosen.flatMap((field) => {
      const times = field.isList ? pick(this.#rng, [1, 1, 2, 3, 9]) : 1;
      return Array.from({ length: times }, () => this.#extreme(field, depth));
    });
    return { type, fields: all };
  }

  /** The message with one thing in it changed. */
  mutated({ type, fields }: MessageTree): MessageTree {
    const inner = fields.flatMap(({ value }, i) => (isTree(value) ? [i] : []));
    if (inner.length > 0 && this.#rng.int(10) < 7) {
      const at = pick(this.#rng, inner);
      const old = fields[at]!;
      return { type, fields: fields.with(at, { ...old, value: this.mutated(old.value as MessageTree) }) };
    }
    return { type, fields: this.#changed(type, fields) };
  }

  #changed(type: Shape, fields: readonly RawField[]): readonly RawField[] {
    const rng = this.#rng;
    const at = rng.int(fields.length);
    const old = fields[at];
    if (!old || rng.int(6) === 0) return [...fields, this.#more(type)];
    switch (rng.int(10)) {
      case 0:
        return fields.toSpliced(at, 1);
      case 1: {
        const times = pick(rng, [2, 2, 3, 20, rng.int(20) === 0 ? 16_385 : 1025]);
        return fields.toSpliced(at, 1, ...Array.from({ length: times }, () => old));
      }
      case 2:
        return fields.with(at, { ...old, number: 1 + rng.int(20) });
      case 3:
        return fields.toReversed();
      default:
        return fields.with(at, this.#replaced(type, old));
    }
  }

  #more(type: Shape): RawField {
    if (type.fields.length > 0 && this.#rng.int(8) > 0) return this.#extreme(pick(this.#rng, type.fields), 1);
    return { number: pick(this.#rng, [99, 1000, 536_870_911]), wire: 2, value: extremeBytes(this.#rng) };
  }

  #replaced(type: Shape, old: RawField): RawField {
    const field = type.fields.find(({ number }) => number === old.number);
    if (!field) return { ...old, wire: 0, value: extremeInteger(this.#rng) };
    const text = field.isText && old.value instanceof Uint8Array ? Buffer.from(old.value).toString() : '';
    if (text.startsWith('{') && this.#rng.int(10) > 0) {
      return { ...old, value: Buffer.from(mutatedJsonText(this.#rng, text, this.#known)) };
    }
    return this.#extreme(field, 0);
  }

  #extreme({ number, wire, isText, isSmall, message }: FieldShape, depth: number): RawField {
    const rng = this.#rng;
    if (message) return { number, wire, value: this.random(message, depth + 1) };
    if (wire === 2) return { number, wire, value: isText ? extremeTextBytes(rng, this.#known) : extremeBytes(rng) };
    if (wire === 0) {
      return { number, wire, value: isSmall && rng.int(3) > 0 ? BigInt(rng.int(9)) : extremeInteger(rng) };
    }
    const bytes = Buffer.alloc(wire === 1 ? 8 : 4);
    if (wire === 1) bytes.writeDoubleLE(extremeFloat(rng));
    else bytes.writeFloatLE(extremeFloat(rng));
    return { number, wire, value: bytes };
  }
}
