/** When the thinker takes two positions for the same, whatever the order of moves that led to them. */

import type { Position } from '../go/position.js';
import type { Transpositions } from '../search/options.js';
import type { PlayerConfig } from './config.js';
import type { SearchPosition } from './search-position.js';

/** What the search is told; nothing where nothing is shared. */
export function transpositionsOf(shared: PlayerConfig['transpositions']): Transpositions<SearchPosition> | undefined {
  if (shared === 'none') return undefined;
  const write = shared === 'evaluations' ? addInputs : addState;
  return {
    share: shared,
    keyOf: ({ position }, out) => {
      out[0] = position.hashLow;
      out[1] = position.hashHigh;
      write(position, out);
    },
    isLegal: ({ position }, action) => position.isLegal(action),
  };
}

/** What decides beside the stones which moves are legal and when the game ends, and the number of moves. */
function addState(position: Position, key: Int32Array): void {
  add(key, position.moveCount);
  add(key, position.passes);
  add(key, 2 * position.bonus);
  addList(key, position.banned);
}

/** The same, and what a network sees of the moves before. */
function addInputs(position: Position, key: Int32Array): void {
  const { lastMoves, banned, captured = [], capturedBefore = [] } = position.snapshot();
  add(key, position.moveCount);
  add(key, position.passes);
  add(key, 2 * position.bonus);
  for (const list of [banned, lastMoves, captured, capturedBefore]) addList(key, list);
}

function addList(key: Int32Array, numbers: readonly number[]): void {
  add(key, numbers.length);
  for (const number of numbers) add(key, number);
}

/** Mixes a whole number into both words. */
function add(key: Int32Array, number: number): void {
  let [low, high] = [key[0]!, key[1]!];
  low = Math.imul(low ^ number, 0x9e3779b1);
  low ^= low >>> 15;
  high = Math.imul((high ^ low) + number, 0x85ebca6b);
  high ^= high >>> 13;
  key[0] = low;
  key[1] = high;
}
