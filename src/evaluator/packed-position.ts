/**
 * A position as a fixed number of bytes, so that it crosses threads in shared memory and two equal positions have equal
 * bytes (the cache hashes them).
 *
 * Layout: 0 side to move · 1 rules: ko + 4·suicide + 8·territory + 16·tax + 64·friendly passes · 2–3 komi in half points
 * (int16) · 4–13 the last five moves (uint16, 0xffff where there is none) · 14–15 White's bonus in half points (int16) ·
 * 16… one byte a point: color + 4·banned + 8·captured + 16·captured before · zeros up to a multiple of four. The rule for
 * handicap stones is left out: the bonus says what came of it.
 */

import type { Color } from '../go/color.js';
import { koRules, taxes, type Rules } from '../go/rules.js';
import { LAST_MOVES, type Snapshot } from '../go/snapshot.js';

const headerBytes = 16;
const noMove = 0xffff;
const bannedBit = 4;
const capturedBit = 8;
const capturedBeforeBit = 16;
const suicideBit = 4;
const territoryBit = 8;
const taxShift = 4;
const friendlyBit = 64;

/** Most positions have empty lists, and all of a batch the same rules, so neither is made anew for each. */
const none: readonly number[] = [];
let unpacked: { readonly byte: number; readonly rules: Rules } | undefined;

/** Bytes of one packed position for boards of `size` points on a side; a multiple of four. */
export function packedBytes(size: number): number {
  return (headerBytes + size * size + 3) & ~3;
}

/** Writes a checked snapshot into `out` at `offset`; the bytes there must be zero. */
export function packPosition(snapshot: Snapshot, out: Uint8Array, offset: number): void {
  const { rules, lastMoves, banned, captured = [], capturedBefore = [], bonus = 0 } = snapshot;
  out[offset] = snapshot.toMove;
  out[offset + 1] = packRules(rules);
  packHalfPoints(rules.komi, out, offset + 2);
  for (let i = 0; i < LAST_MOVES; i++) {
    const move = lastMoves[i] ?? noMove;
    out[offset + 4 + 2 * i] = move & 0xff;
    out[offset + 5 + 2 * i] = move >> 8;
  }
  packHalfPoints(bonus, out, offset + 14);
  const points = offset + headerBytes;
  out.set(snapshot.stones, points);
  for (const point of banned) out[points + point]! |= bannedBit;
  for (const point of captured) out[points + point]! |= capturedBit;
  for (const point of capturedBefore) out[points + point]! |= capturedBeforeBit;
}

/** Reads the snapshot back; `stones` is filled and becomes part of the result, which is valid until its next use. */
export function unpackPosition(bytes: Uint8Array, offset: number, size: number, stones: Uint8Array): Snapshot {
  const lastMoves: number[] = [];
  let banned: number[] | undefined;
  let captured: number[] | undefined;
  let capturedBefore: number[] | undefined;
  for (let i = 0; i < LAST_MOVES; i++) {
    const move = bytes[offset + 4 + 2 * i]! | (bytes[offset + 5 + 2 * i]! << 8);
    if (move === noMove) break;
    lastMoves.push(move);
  }
  const points = offset + headerBytes;
  for (let point = 0; point < size * size; point++) {
    const byte = bytes[points + point]!;
    stones[point] = byte & 3;
    if (byte < bannedBit) continue;
    if (byte & bannedBit) (banned ??= []).push(point);
    if (byte & capturedBit) (captured ??= []).push(point);
    if (byte & capturedBeforeBit) (capturedBefore ??= []).push(point);
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

function packRules({ ko, suicide, scoring, tax = 'none', friendlyPassOk }: Rules): number {
  return (
    koRules.indexOf(ko) +
    (suicide ? suicideBit : 0) +
    (scoring === 'territory' ? territoryBit : 0) +
    (taxes.indexOf(tax) << taxShift) +
    (friendlyPassOk ? friendlyBit : 0)
  );
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
