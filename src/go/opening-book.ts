/**
 * Short random openings for rating games, so that two deterministic players do not play the same game again and again.
 * Each is meant to be played twice with the colours swapped, which takes out its own advantage.
 */

import type { Rng } from '../core/rng.js';
import { Position } from './position.js';
import type { Rules } from './rules.js';
import { symmetryMap } from './symmetry.js';

export interface OpeningBookOptions {
  readonly size: number;
  readonly rules: Rules;
  /** Moves of each opening; none is a pass. */
  readonly plies: number;
  /** Openings wanted. */
  readonly count: number;
}

/** Draws without a new opening after which the book is taken to be complete. */
const PATIENCE = 500;

/**
 * Openings of legal random moves, Black first, no two of which lead to the same board under the eight symmetries.
 * Deterministic; fewer than `count` where the board is too small for more.
 */
export function makeOpeningBook(options: OpeningBookOptions, rng: Rng): number[][] {
  const { size, rules, plies, count } = options;
  const book: number[][] = [];
  const seen = new Set<string>();
  for (let failures = 0; book.length < count && failures < PATIENCE;) {
    const position = new Position(size, rules);
    const moves: number[] = [];
    const legal = new Uint8Array(position.actionCount);
    for (let ply = 0; ply < plies; ply++) {
      position.legal(legal);
      legal[size * size] = 0;
      const move = rng.weighted(legal);
      if (legal[move] === 0) break;
      position.play(move);
      moves.push(move);
    }
    const key = canonicalBoard(position);
    if (moves.length < plies || seen.has(key)) {
      failures++;
      continue;
    }
    failures = 0;
    seen.add(key);
    book.push(moves);
  }
  return book;
}

/** The board as text, the least of its eight images. */
function canonicalBoard(position: Position): string {
  const points = position.size ** 2;
  const image = new Uint8Array(points);
  let least: string | undefined;
  for (let symmetry = 0; symmetry < 8; symmetry++) {
    const map = symmetryMap(position.size, symmetry);
    for (let point = 0; point < points; point++) image[map[point]!] = position.stoneAt(point);
    const text = image.join('');
    if (least === undefined || text < least) least = text;
  }
  return least ?? '';
}
