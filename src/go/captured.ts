/** What the last moves took, as a snapshot has it. */

import type { Board } from './board.js';

/** The points of the stones that the move `turnsAgo` of `lastMoves` took, that move's own point apart. */
export function capturedBy(
  { captured, capturedCount, latest, geometry }: Board,
  turnsAgo: number,
  lastMoves: readonly number[],
): readonly number[] {
  const list = turnsAgo === 0 ? latest : 1 - latest;
  const count = capturedCount[list]!;
  if (count === 0 || turnsAgo >= lastMoves.length) return [];
  const points = Array.from(captured[list]!.subarray(0, count), (cell) => geometry.pointOf[cell]!);
  return points.filter((point) => point !== lastMoves[turnsAgo]).sort((a, b) => a - b);
}
