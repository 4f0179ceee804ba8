/** Positions as the bytes of a request's list of them, the same that `positionToWire` and the generated code would write. */

import type { Rules } from '../go/rules.js';
import type { Snapshot } from '../go/snapshot.js';
import { Rules as RulesMessage } from '../proto/tengen/v1/position.js';
import { rulesToWire } from './rules.js';

/** Tag of a position in a request. */
const POSITION = 34;
// Tags of a position's fields.
const SIZE = 8;
const STONES = 18;
const TO_MOVE = 24;
const RULES = 34;
const LAST_MOVES = 42;
const BANNED = 50;
const CAPTURED = 58;
const CAPTURED_BEFORE = 66;
const BONUS = 77;

/** Most bytes of a position beside its stones, rules and lists: tags, lengths, numbers. */
const REST = 64;

/** Bytes of rules in use: every position of a game has the same. */
const ruleBytes = new WeakMap<Rules, Uint8Array>();

function bytesOf(rules: Rules): Uint8Array {
  let bytes = ruleBytes.get(rules);
  if (!bytes) ruleBytes.set(rules, (bytes = RulesMessage.encode(rulesToWire(rules)).finish()));
  return bytes;
}

const float = new Float32Array(1);
const floatBytes = new Uint8Array(float.buffer);

/** Collects positions. */
export class PositionWriter {
  #bytes = new Uint8Array(1024);
  #at = 0;
  /** Positions written so far. */
  count = 0;

  /** The fields written so far; valid until more are written. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  add(snapshot: Snapshot): void {
    const { size, stones, toMove, lastMoves, banned, captured = [], capturedBefore = [], bonus = 0 } = snapshot;
    const rules = bytesOf(snapshot.rules);
    this.#reserve(
      REST +
        stones.length +
        rules.length +
        2 * (lastMoves.length + banned.length + captured.length + capturedBefore.length),
    );
    this.#bytes[this.#at] = POSITION;
    // Two bytes for the length, which is less than 2^14 even where every list names every point.
    const start = (this.#at += 3);
    this.#number(SIZE, size);
    this.#field(STONES, stones);
    this.#number(TO_MOVE, toMove);
    this.#field(RULES, rules);
    this.#list(LAST_MOVES, lastMoves);
    this.#list(BANNED, banned);
    this.#list(CAPTURED, captured);
    this.#list(CAPTURED_BEFORE, capturedBefore);
    if (bonus !== 0) this.#float(BONUS, bonus);
    const length = this.#at - start;
    this.#bytes[start - 2] = (length & 0x7f) | 0x80;
    this.#bytes[start - 1] = length >> 7;
    this.count++;
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const longer = new Uint8Array(Math.max(this.#at + more, 2 * this.#bytes.length));
    longer.set(this.#bytes);
    this.#bytes = longer;
  }

  #number(tag: number, value: number): void {
    this.#bytes[this.#at++] = tag;
    this.#varint(value);
  }

  #varint(value: number): void {
    let left = value;
    for (; left >= 0x80; left >>>= 7) this.#bytes[this.#at++] = (left & 0x7f) | 0x80;
    this.#bytes[this.#at++] = left;
  }

  #field(tag: number, content: Uint8Array): void {
    this.#number(tag, content.length);
    const [bytes, at] = [this.#bytes, this.#at];
    for (let i = 0; i < content.length; i++) bytes[at + i] = content[i]!;
    this.#at += content.length;
  }

  #list(tag: number, points: readonly number[]): void {
    if (points.length === 0) return;
    let length = 0;
    for (const point of points) length += point < 0x80 ? 1 : 2;
    this.#number(tag, length);
    for (const point of points) this.#varint(point);
  }

  #float(tag: number, value: number): void {
    float[0] = value;
    this.#bytes[this.#at++] = tag;
    for (let i = 0; i < 4; i++) this.#bytes[this.#at++] = floatBytes[i]!;
  }
}
