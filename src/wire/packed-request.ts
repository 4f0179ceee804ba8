/**
 * Requests of Evaluate straight from their bytes to packed positions, without an object for each position. Only what clients send as
 * a rule is read here. What is unusual or wrong is left to the generated code and to `positionFromWire`, which says what is wrong.
 */

import { BinaryReader } from '@bufbuild/protobuf/wire';
import { BLACK, WHITE } from '../go/color.js';
import {
  BANNED_BIT,
  CAPTURED_BEFORE_BIT,
  CAPTURED_BIT,
  NO_MOVE,
  packBonus,
  packedBytes,
  type PackedPositions,
  packMove,
  packRules,
  POINTS_AT,
  unpackPosition,
} from '../go/packed-position.js';
import { checkRules, MAX_SIZE, MIN_SIZE } from '../go/rules.js';
import { checkSnapshot, findChainWithoutLiberties, LAST_MOVES, MOST_BONUS } from '../go/snapshot.js';
import type { EvaluateRequest } from '../proto/tengen/v1/evaluator.js';
import { Rules as RulesMessage } from '../proto/tengen/v1/position.js';
import { type Cursor, skip, split, varint } from './fields.js';
import { rulesFromWire } from './rules.js';

/** A request whose positions have been checked and packed. */
export interface PackedEvaluateRequest extends Omit<EvaluateRequest, 'positions'> {
  readonly packed: PackedPositions;
}

/** Most positions of a request that is read here: more would keep others waiting. */
export const MOST_PACKED = 128;

/** Tag of a position in a request. */
const POSITION = 34;

/**
 * Reads a request.
 *
 * @param readHeader reads a request without positions
 * @returns undefined if the bytes are to be read as any message is
 */
export function readPackedRequest(
  bytes: Uint8Array,
  readHeader: (bytes: Uint8Array) => EvaluateRequest,
): PackedEvaluateRequest | undefined {
  const fields = split(bytes, POSITION);
  if (!fields || fields.starts.length === 0 || fields.starts.length > MOST_PACKED) return undefined;
  const packed = readPositions({ bytes, at: 0 }, fields.starts);
  return packed && { ...readHeader(fields.rest), packed };
}

/** @param starts where the lengths of the positions are */
function readPositions(cursor: Cursor, starts: readonly number[]): PackedPositions | undefined {
  let packed = new Uint8Array(0);
  let [size, stride] = [0, 0];
  for (let i = 0; i < starts.length; i++) {
    cursor.at = starts[i]!;
    const length = varint(cursor);
    if (!findFields(cursor, cursor.at + length)) return undefined;
    if (i === 0) {
      size = valueOf(cursor, SIZE);
      if (!(size >= MIN_SIZE && size <= MAX_SIZE)) return undefined;
      stride = packedBytes(size);
      packed = new Uint8Array(starts.length * stride);
    }
    if (!readPosition(cursor, size, packed, i * stride)) return undefined;
  }
  return { packed, count: starts.length, size };
}

// Fields of a position by their numbers, and the tags with which they come.
const SIZE = 1;
const STONES = 2;
const TO_MOVE = 3;
const RULES = 4;
const LAST_MOVE = 5;
const BANNED = 6;
const CAPTURED = 7;
const CAPTURED_BEFORE = 8;
const BONUS = 9;
const tags = [-1, 8, 18, 24, 34, 42, 50, 58, 66, 77];

// Where the fields of a position begin and end, by number; both 0 for a field that is absent. For one position at a time.
const begins = new Int32Array(tags.length);
const ends = new Int32Array(tags.length);

/** Notes where the fields of the position up to `end` are; false if one is unknown, comes twice or is not whole. */
function findFields(cursor: Cursor, end: number): boolean {
  begins.fill(0);
  ends.fill(0);
  while (cursor.at < end) {
    const tag = varint(cursor);
    const field = tag >> 3;
    if (tag !== tags[field] || ends[field] !== 0) return false;
    const begin = skip(cursor, tag & 7);
    if (begin < 0) return false;
    begins[field] = begin;
    ends[field] = cursor.at;
  }
  return cursor.at === end;
}

/** Packs the position whose fields were found into `out` at `to`; false if a check would find something in it. */
function readPosition(cursor: Cursor, size: number, out: Uint8Array, to: number): boolean {
  const { bytes } = cursor;
  const points = size * size;
  const [stonesAt, toMove] = [begins[STONES]!, valueOf(cursor, TO_MOVE)];
  if (valueOf(cursor, SIZE) !== size || ends[STONES]! - stonesAt !== points) return false;
  if (toMove !== BLACK && toMove !== WHITE) return false;
  out[to] = toMove;
  for (let point = 0; point < points; point++) {
    const stone = bytes[stonesAt + point]!;
    if (stone > WHITE) return false;
    out[to + POINTS_AT + point] = stone;
  }
  if (!readRules(bytes, size, out, to) || !readLastMoves(cursor, points, out, to) || !readBonus(bytes, out, to))
    return false;
  if (findChainWithoutLiberties(size, bytes, stonesAt) >= 0) return false;
  let marked = 0;
  for (let field = BANNED; field <= CAPTURED_BEFORE; field++) {
    if (ends[field] === 0) continue;
    if (!mark(cursor, field, points, out, to)) return false;
    marked++;
  }
  return marked === 0 || isSound(out, to, size);
}

/** Rules that were read last: all positions of a request have the same as a rule. */
let latest = { message: new Uint8Array(0), size: 0, packed: new Uint8Array(POINTS_AT) };

function readRules(bytes: Uint8Array, size: number, out: Uint8Array, to: number): boolean {
  const [from, end] = [begins[RULES]!, ends[RULES]!];
  if (!isLatest(bytes, from, end, size)) {
    const message = bytes.slice(from, end);
    const packed = new Uint8Array(POINTS_AT);
    try {
      const reader = new BinaryReader(message);
      const rules = rulesFromWire(end === 0 ? undefined : RulesMessage.decode(reader));
      if (reader.pos < message.length) return false;
      checkRules(rules, size);
      packRules(rules, packed, 0);
    } catch {
      return false;
    }
    latest = { message, size, packed };
  }
  for (let i = 1; i < 4; i++) out[to + i] = latest.packed[i]!;
  return true;
}

function isLatest(bytes: Uint8Array, from: number, end: number, size: number): boolean {
  const { message } = latest;
  if (end === 0 || end - from !== message.length || size !== latest.size) return false;
  for (let i = 0; i < message.length; i++) if (bytes[from + i] !== message[i]) return false;
  return true;
}

function readLastMoves(cursor: Cursor, points: number, out: Uint8Array, to: number): boolean {
  cursor.at = begins[LAST_MOVE]!;
  let count = 0;
  for (; cursor.at < ends[LAST_MOVE]!; count++) {
    const move = varint(cursor);
    if (count === LAST_MOVES || !(move >= 0 && move <= points)) return false;
    packMove(move, out, to, count);
  }
  for (; count < LAST_MOVES; count++) packMove(NO_MOVE, out, to, count);
  return true;
}

const float = new Float32Array(1);
const floatBytes = new Uint8Array(float.buffer);

function readBonus(bytes: Uint8Array, out: Uint8Array, to: number): boolean {
  if (ends[BONUS] === 0) return true;
  for (let i = 0; i < 4; i++) floatBytes[i] = bytes[begins[BONUS]! + i]!;
  const bonus = float[0]!;
  if (!Number.isInteger(2 * bonus) || Math.abs(bonus) > MOST_BONUS) return false;
  packBonus(bonus, out, to);
  return true;
}

/** Sets the bit of a list of points at each of them. */
function mark(cursor: Cursor, field: number, points: number, out: Uint8Array, to: number): boolean {
  const bit = field === BANNED ? BANNED_BIT : field === CAPTURED ? CAPTURED_BIT : CAPTURED_BEFORE_BIT;
  cursor.at = begins[field]!;
  for (let count = 0; cursor.at < ends[field]!; count++) {
    const point = varint(cursor);
    if (count === points || !(point >= 0 && point < points)) return false;
    out[to + POINTS_AT + point]! |= bit;
  }
  return true;
}

const stones = new Uint8Array(MAX_SIZE * MAX_SIZE);

/** Whether the lists fit the stones, which only few positions need to be asked. */
function isSound(packed: Uint8Array, at: number, size: number): boolean {
  try {
    checkSnapshot(unpackPosition(packed, at, size, stones.subarray(0, size * size)));
    return true;
  } catch {
    return false;
  }
}

/** The number of a field that was found, 0 if it is absent. */
function valueOf(cursor: Cursor, field: number): number {
  if (ends[field] === 0) return 0;
  cursor.at = begins[field]!;
  return varint(cursor);
}
