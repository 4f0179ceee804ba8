/**
 * The end of a game: which stones are dead, and the score without them. The network's ownership decides; without a
 * network's answer every stone is alive, as the rules the network learns by have it (Tromp–Taylor).
 */

import { BLACK } from '../go/color.js';
import type { Position } from '../go/position.js';

/** What became of a chain. */
export type Status = 'alive' | 'dead' | 'seki';

/** One chain of stones and what became of it. */
export interface JudgedChain {
  readonly points: readonly number[];
  readonly status: Status;
}

/** A chain is dead only if the network is rather sure: a young network is unsure of everything. */
const deadBelow = -0.5;

/**
 * Judges every chain.
 *
 * @param ownership [size²] in [-1, 1], 1 for Black; undefined if nobody knows, then everything is alive
 */
export function judgeChains(position: Position, ownership: ArrayLike<number> | undefined): readonly JudgedChain[] {
  return chainsOf(position).map((points) => {
    const color = position.stoneAt(points[0] ?? 0);
    let sum = 0;
    for (const point of points) sum += (ownership?.[point] ?? 0) * (color === BLACK ? 1 : -1);
    return { points, status: ownership && sum / points.length < deadBelow ? 'dead' : 'alive' };
  });
}

/** Black's points minus White's minus komi once the dead chains are off the board. */
export function scoreWithout(position: Position, chains: readonly JudgedChain[]): number {
  return position.scoreWithout(chains.filter(({ status }) => status === 'dead').flatMap(({ points }) => points));
}

function chainsOf(position: Position): number[][] {
  const { size } = position;
  const seen = new Uint8Array(size * size);
  const chains: number[][] = [];
  for (let start = 0; start < size * size; start++) {
    const color = position.stoneAt(start);
    if (color === 0 || seen[start]) continue;
    const chain = [start];
    seen[start] = 1;
    for (const point of chain) {
      for (const next of neighbours(point, size)) {
        if (seen[next] || position.stoneAt(next) !== color) continue;
        seen[next] = 1;
        chain.push(next);
      }
    }
    chains.push(chain);
  }
  return chains;
}

function neighbours(point: number, size: number): number[] {
  const column = point % size;
  const result: number[] = [];
  if (column > 0) result.push(point - 1);
  if (column < size - 1) result.push(point + 1);
  if (point >= size) result.push(point - size);
  if (point < size * (size - 1)) result.push(point + size);
  return result;
}
