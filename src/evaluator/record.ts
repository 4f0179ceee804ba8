/**
 * A position as a fixed number of bytes, so that it crosses threads in shared memory and two equal positions have equal
 * bytes (the cache hashes them).
 *
 * Layout: 0 side to move · 1 ko rule + 4·suicide · 2–3 komi in half points (int16) · 4–13 the last five moves (uint16,
 * 0xffff where there is none) · 14–15 zero · 16… one byte a point: color + 4·banned · zeros up to a multiple of four.
 */

import type { Color } from '../go/color.js';
import { koRules } from '../go/rules.js';
import { LAST_MOVES, type Snapshot } from '../go/snapshot.js';

const headerBytes = 16;
const noMove = 0xffff;
const bannedBit = 4;
const suicideBit = 4;

/** Bytes of one record for boards of `size` points on a side; a multiple of four. */
export function recordBytes(size: number): number {
  return (headerBytes + size * size + 3) & ~3;
}

/** Writes a checked snapshot into `out` at `offset`; the bytes there must be zero. */
export function packRecord(snapshot: Snapshot, out: Uint8Array, offset: number): void {
  const { rules, lastMoves, banned } = snapshot;
  out[offset] = snapshot.toMove;
  out[offset + 1] = koRules.indexOf(rules.ko) + (rules.suicide ? suicideBit : 0);
  const halfPoints = Math.round(rules.komi * 2);
  out[offset + 2] = halfPoints & 0xff;
  out[offset + 3] = (halfPoints >> 8) & 0xff;
  for (let i = 0; i < LAST_MOVES; i++) {
    const move = lastMoves[i] ?? noMove;
    out[offset + 4 + 2 * i] = move & 0xff;
    out[offset + 5 + 2 * i] = move >> 8;
  }
  const points = offset + headerBytes;
  out.set(snapshot.stones, points);
  for (const point of banned) out[points + point]! |= bannedBit;
}

/** Reads the snapshot back; `stones` is filled and becomes part of the result, which is valid until its next use. */
export function unpackRecord(bytes: Uint8Array, offset: number, size: number, stones: Uint8Array): Snapshot {
  const lastMoves: number[] = [];
  for (let i = 0; i < LAST_MOVES; i++) {
    const move = bytes[offset + 4 + 2 * i]! | (bytes[offset + 5 + 2 * i]! << 8);
    if (move === noMove) break;
    lastMoves.push(move);
  }
  const banned: number[] = [];
  const points = offset + headerBytes;
  for (let point = 0; point < size * size; point++) {
    const byte = bytes[points + point]!;
    stones[point] = byte & 3;
    if (byte & bannedBit) banned.push(point);
  }
  const flags = bytes[offset + 1]!;
  return {
    size,
    stones,
    toMove: bytes[offset]! as Color,
    rules: { ko: koRules[flags & 3]!, suicide: (flags & suicideBit) !== 0, komi: readKomi(bytes, offset) },
    lastMoves,
    banned,
  };
}

function readKomi(bytes: Uint8Array, offset: number): number {
  return (((bytes[offset + 2]! | (bytes[offset + 3]! << 8)) << 16) >> 16) / 2;
}
