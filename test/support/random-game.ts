/** Random games of Go, reproducible from a seed. */

import { Rng } from '../../src/core/rng.js';
import type { Position } from '../../src/go/position.js';

/**
 * Plays up to `count` random legal moves, passes now and then, and calls `visit` after each. A pass that would end the
 * game is only played when nothing else is legal.
 */
export function playRandom(position: Position, seed: number, count: number, visit?: (action: number) => void): void {
  const rng = new Rng(seed);
  const legal = new Uint8Array(position.actionCount);
  const pass = position.actionCount - 1;
  for (let i = 0; i < count && !position.isOver; i++) {
    const legalCount = position.legal(legal);
    if (legalCount > 1 && (position.lastMoves[0] === pass || rng.float() > 0.03)) legal[pass] = 0;
    const action = rng.weighted(legal);
    position.play(action);
    visit?.(action);
  }
}
