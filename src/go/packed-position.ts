/**
 * A position as a fixed number of bytes, so that it crosses threads in shared memory and two equal positions have equal
 * bytes (the cache hashes them).
 *
 * Layout: 0 side to move · 1 rules: ko + 4·suicide + 8·territory + 16·tax + 64·friendly passes · 2–3 komi in half points
 * (int16) · 4–13 the last five moves (uint16, 0xffff where there is none) · 14–15 White's bonus in half points (int16) ·
 * 16… one byte a point: color + 4·banned + 8·captured + 16·captured before · zeros up to a multiple of four. The rule for
 * handicap stones is left out: the bonus says what came of it.
 */

import type { Color } from './color.js';
import { koRules, taxes, type Rules } from './rules.js';
import { LAST_MOVES, type Snapshot } from './snapshot.js';

/** Where the points are. */
export const POINTS_AT = 16;
/** In the place of a move that there is not. */
export const NO_MOVE = 0xffff;
/** Bits of a point. */
export const [BANNED_BIT, CAPTURED_BIT, CAPTURED_BEFORE_BIT] = [4, 8, 16];
const suicideBit = 4;
const territoryBit = 8;
const taxShift = 4;
const friendlyBit = 64;

/** Most positions have empty lists, and all of a batch the same rules, so neither is made anew for each. */
const none: readonly number[] = [];
let unpacked: { readonly byte: number; readonly rules: Rules } | undefined;

/** Positions of one size, one after the other. */
export interface PackedPositions {
  /** `count` packed positions of `packedBytes(size)` bytes. */
  readonly packed: Uint8Array;
  readonly count: number;
  /** Points on a side. */
  readonly size: number;
}

/** Packs checked positions of one size. */
export function packPositions(positions: readonly Snapshot[], size: number): PackedPositions {
  const stride = packedBytes(size);
  const packed = new Uint8Array(positions.length * stride);
  positions.forEach((position, i) => packPosition(position, packed, i * stride));
  return { packed, count: positions.length, size };
}

/** Bytes of one packed position for boards of `size` points on a side; a multiple of four. */
export function packedBytes(size: number): number {
  return (POINTS_AT + size * size + 3) & ~3;
}

/** Writes a checked snapshot into `out` at `offset`; the bytes there must be zero. */
export function packPosition(snapshot: Snapshot, out: Uint8Array, offset: number): void {
  const { rules, lastMoves, banned, captured = [], capturedBefore = [], bonus = 0 } = snapshot;
  out[offset] = snapshot.toMove;
  packRules(rules, out, offset);
  for (let i = 0; i < LAST_MOVES; i++) packMove(lastMoves[i] ?? NO_MOVE, out, offset, i);
  packBonus(bonus, out, offset);
  const points = offset + POINTS_AT;
  out.set(snapshot.stones, points);
  for (const point of banned) out[points + point]! |= BANNED_BIT;
  for (const point of captured) out[points + point]! |= CAPTURED_BIT;
  for (const point of capturedBefore) out[points + point]! |= CAPTURED_BEFORE_BIT;
}

/** Reads the snapshot back; `stones` is filled and becomes part of the result, which is valid until its next use. */
export function unpackPosition(bytes: Uint8Array, offset: number, size: number, stones: Uint8Array): Snapshot {
  const lastMoves: number[] = [];
  let banned: number[] | undefined;
  let captured: number[] | undefined;
  let capturedBefore: number[] | undefined;
  for (let i = 0; i < LAST_MOVES; i++) {
    const move = bytes[offset + 4 + 2 * i]! | (bytes[offset + 5 + 2 * i]! << 8);
    if (move === NO_MOVE) break;
    lastMoves.push(move);
  }
  const points = offset + POINTS_AT;
  for (let point = 0; point < size * size; point++) {
    const byte = bytes[points + point]!;
    stones[point] = byte & 3;
    if (byte < BANNED_BIT) continue;
    if (byte & BANNED_BIT) (banned ??= []).push(point);
    if (byte & CAPTURED_BIT) (captured ??= []).push(point);
    if (byte & CAPTURED_BEFORE_BIT) (capturedBefore ??= []).push(point);
  }
  const toMove = bytes[offset]! as Color;
  const rules = unpackRules(bytes[offset + 1]!, unpackHalfPoints(bytes, offset + 2));
  const bonus = unpackHalfPoints(bytes, offset + 14);
  return {
    size,
    stones,
    toMove,
    rules,
    lastMoves,
    banned: banned ?? none,
    captured: captured ?? none,
    capturedBefore: capturedBefore ?? none,
    bonus,
  };
}

/** Writes the rules of the packed position at `offset`. */
export function packRules(rules: Rules, out: Uint8Array, offset: number): void {
  const { ko, suicide, scoring, tax = 'none', friendlyPassOk } = rules;
  out[offset + 1] =
    koRules.indexOf(ko) +
    (suicide ? suicideBit : 0) +
    (scoring === 'territory' ? territoryBit : 0) +
    (taxes.indexOf(tax) << taxShift) +
    (friendlyPassOk ? friendlyBit : 0);
  packHalfPoints(rules.komi, out, offset + 2);
}

/** Writes the `index`th of its latest moves. */
export function packMove(move: number, out: Uint8Array, offset: number, index: number): void {
  out[offset + 4 + 2 * index] = move & 0xff;
  out[offset + 5 + 2 * index] = move >> 8;
}

/** Writes White's bonus. */
export function packBonus(bonus: number, out: Uint8Array, offset: number): void {
  packHalfPoints(bonus, out, offset + 14);
}

function unpackRules(byte: number, komi: number): Rules {
  if (unpacked?.byte === byte && unpacked.rules.komi === komi) return unpacked.rules;
  const tax = taxes[(byte >> taxShift) & 3]!;
  const rules: Rules = {
    ko: koRules[byte & 3]!,
    suicide: (byte & suicideBit) !== 0,
    komi,
    ...(byte & territoryBit && { scoring: 'territory' }),
    ...(tax !== 'none' && { tax }),
    ...(byte & friendlyBit && { friendlyPassOk: true }),
  };
  unpacked = { byte, rules };
  return rules;
}

function packHalfPoints(points: number, out: Uint8Array, offset: number): void {
  const halfPoints = Math.round(points * 2);
  out[offset] = halfPoints & 0xff;
  out[offset + 1] = (halfPoints >> 8) & 0xff;
}

function unpackHalfPoints(bytes: Uint8Array, offset: number): number {
  return (((bytes[offset]! | (bytes[offset + 1]! << 8)) << 16) >> 16) / 2;
}
