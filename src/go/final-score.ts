/** Points on a finished board: the area of each side, less what a tax on seki and on groups takes. */

import { areaInto, areaScore } from './area.js';
import { Board } from './board.js';
import { Chains, MOST_CELLS, findChains } from './chains.js';
import { BLACK, EMPTY, WHITE, type Color } from './color.js';
import { independentLifeInto } from './independent-life.js';
import type { ReadonlyBoard } from './readonly-board.js';
import type { Tax } from './rules.js';

/** What every living group pays where all groups are taxed. */
const GROUP_TAX = 2;

// Scratch for one call at a time; nothing here waits.
const area = new Int8Array(361);
const chains = new Chains();
const owners = new Uint8Array(MOST_CELLS);
const lasting = new Uint8Array(MOST_CELLS);

/** Black's points minus White's, every stone taken as alive; komi and White's bonus apart. */
export function boardScore(board: ReadonlyBoard, tax: Tax): number {
  if (tax === 'none') return areaScore(board);
  const { geometry, stones } = board;
  areaInto(board, area);
  owners.fill(0, 0, geometry.cells);
  for (let point = 0; point < geometry.points; point++) {
    const owner = area[point]!;
    owners[geometry.cellOf[point]!] = owner === 0 ? 0 : owner > 0 ? BLACK : WHITE;
  }
  findChains(geometry, stones, chains);
  const groups = independentLifeInto(geometry, stones, chains, owners, lasting);
  let score = tax === 'all' ? -GROUP_TAX * groups : 0;
  for (const cell of geometry.cellOf) score += lasting[cell] === BLACK ? 1 : lasting[cell] === WHITE ? -1 : 0;
  return score;
}

/** The stones of a board without dead ones. @param dead points of whole chains */
export function boardWithout({ stones, geometry: { size, cellOf } }: ReadonlyBoard, dead: readonly number[]): Board {
  const board = new Board(size);
  for (let point = 0; point < cellOf.length; point++) {
    const cell = cellOf[point]!;
    const stone = stones[cell]!;
    if (stone !== EMPTY && !dead.includes(point)) board.place(cell, stone as Color);
  }
  return board;
}
