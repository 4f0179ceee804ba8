import { describe, expect, it } from 'vitest';
import { packPosition, packedBytes, unpackPosition } from '../../../src/go/packed-position.js';
import { MAX_SIZE, MIN_SIZE } from '../../../src/go/rules.js';
import type { Snapshot } from '../../../src/go/snapshot.js';
import { randomPositions } from '../../support/served-models.js';

function roundTrip(snapshot: Snapshot): Snapshot {
  const bytes = new Uint8Array(3 * packedBytes(snapshot.size));
  packPosition(snapshot, bytes, packedBytes(snapshot.size));
  return unpackPosition(bytes, packedBytes(snapshot.size), snapshot.size, new Uint8Array(snapshot.size ** 2));
}

describe('a packed position', () => {
  it('comes back as it was, on every size', () => {
    for (let size = MIN_SIZE + 1; size <= MAX_SIZE; size++) {
      for (const snapshot of randomPositions(size, 10, size)) expect(roundTrip(snapshot)).toEqual(snapshot);
    }
  });

  it('keeps every rule, negative and half komi, passes and banned points', () => {
    const [snapshot] = randomPositions(9, 1);
    for (const ko of ['simple', 'positional', 'situational'] as const) {
      for (const suicide of [false, true]) {
        for (const komi of [-81, -0.5, 0, 6.5, 81]) {
          const banned = [...snapshot!.stones.keys()].filter((point) => snapshot!.stones[point] === 0).slice(0, 3);
          const given: Snapshot = { ...snapshot!, rules: { ko, suicide, komi }, lastMoves: [81, 3, 81], banned };
          expect(roundTrip(given)).toEqual(given);
        }
      }
    }
  });

  it('has whole 32-bit words and nothing of a neighbour', () => {
    for (let size = MIN_SIZE; size <= MAX_SIZE; size++) expect(packedBytes(size) % 4).toBe(0);
    const [snapshot] = randomPositions(7, 1);
    const stride = packedBytes(7);
    const bytes = new Uint8Array(3 * stride);
    packPosition(snapshot!, bytes, stride);
    expect([...bytes.subarray(0, stride), ...bytes.subarray(2 * stride)].every((byte) => byte === 0)).toBe(true);
  });
});
