/** Positions to evaluate ↔ messages. What comes in is checked here, so nothing behind it sees a malformed position. */

import { checkSnapshot, type Snapshot } from '../go/snapshot.js';
import type * as pb from '../proto/tengen/v1/position.js';
import { colorFromWire, rulesFromWire, rulesToWire } from './rules.js';

/** A position as a message; shares the snapshot's arrays. */
export function positionToWire(snapshot: Snapshot): pb.Position {
  return {
    size: snapshot.size,
    stones: snapshot.stones,
    toMove: snapshot.toMove,
    rules: rulesToWire(snapshot.rules),
    lastMoves: snapshot.lastMoves as number[],
    banned: snapshot.banned as number[],
    captured: (snapshot.captured ?? []) as number[],
    capturedBefore: (snapshot.capturedBefore ?? []) as number[],
    bonus: snapshot.bonus ?? 0,
  };
}

/** @throws AppError 'invalid-argument' naming the value seen and the values allowed */
export function positionFromWire(message: pb.Position): Snapshot {
  const snapshot: Snapshot = {
    size: message.size,
    stones: message.stones,
    toMove: colorFromWire(message.toMove, 'to_move'),
    rules: rulesFromWire(message.rules),
    lastMoves: message.lastMoves,
    banned: message.banned,
    captured: message.captured,
    capturedBefore: message.capturedBefore,
    bonus: message.bonus,
  };
  checkSnapshot(snapshot);
  return snapshot;
}
