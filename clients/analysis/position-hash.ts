/** Names of positions in answers: equal for equal positions, and for symmetric ones. */

import { createHash } from 'node:crypto';
import type { Snapshot } from '../../src/go/snapshot.js';
import { SYMMETRIES, symmetryMap } from '../../src/go/symmetry.js';

/** 32 hexadecimal digits each, of stones, side to move and the points that ko forbids. */
export function positionHashes(snapshot: Snapshot): { readonly thisHash: string; readonly symHash: string } {
  const hashes = Array.from({ length: SYMMETRIES }, (_, symmetry) =>
    hashOf(snapshot, symmetryMap(snapshot.size, symmetry)),
  );
  return { thisHash: hashes[0] ?? '', symHash: hashes.reduce((least, hash) => (hash < least ? hash : least)) };
}

function hashOf({ size, stones, toMove, banned }: Snapshot, map: Int32Array): string {
  const turned = new Uint8Array(size * size + 2);
  stones.forEach((stone, point) => (turned[map[point]!] = stone));
  for (const point of banned) turned[map[point]!] = 3;
  turned[size * size] = toMove;
  turned[size * size + 1] = size;
  return createHash('sha256').update(turned).digest('hex').slice(0, 32).toUpperCase();
}
