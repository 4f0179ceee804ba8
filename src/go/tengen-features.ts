/**
 * A position as numbers for the network, feature set `tengen-1`. Everything is seen by the side to move, so a network
 * never learns what Black is. Features commute with symmetry: those of a turned position are the turned features.
 *
 * | plane | 1 at …                                                |
 * |---|---|
 * | 0 | every point (tells the board from the convolution's padding) |
 * | 1, 2 | stones of the side to move, of the opponent          |
 * | 3, 4, 5 | stones of chains with exactly 1, 2, 3 liberties   |
 * | 6 | points that ko or superko forbids                      |
 * | 7 … 11 | the latest move, the one before it, … five in all  |
 *
 * | global | value |
 * |---|---|
 * | 0, 1 | 1 if the latest move, the move before it, was a pass |
 * | 2 | komi, and White's bonus, for the side to move, times 4 / size² |
 * | 3, 4 | 1 under positional, situational superko              |
 * | 5 | 1 if suicide is allowed                                |
 * | 6 | komi's parity wave (KataGo, "Parity of komi"): where komi stands between values that allow a draw |
 */

import { BLACK } from './color.js';
import { Chains, MOST_CELLS, findChains, toCells } from './chains.js';
import { parityWave, type FeatureSet } from './feature-set.js';
import { geometry } from './geometry.js';
import type { Snapshot } from './snapshot.js';
import { symmetryMap } from './symmetry.js';

const PLANES = 12;
const LIBERTY_PLANE = 3;
const BANNED_PLANE = 6;
const MOVES_PLANE = 7;
/** Liberties are counted up to here. */
const MANY = 4;

/** The plain planes of our own networks; what the tables above say. */
export const tengen1: FeatureSet = { name: 'tengen-1', planes: PLANES, globals: 7, write };

// Scratch for one call at a time; nothing here waits.
const cells = new Uint8Array(MOST_CELLS);
const chains = new Chains();

function write(
  snapshot: Snapshot,
  symmetry: number,
  planes: Float32Array,
  planesOffset: number,
  globals: Float32Array,
  globalsOffset: number,
): void {
  const { size, stones, toMove, lastMoves, banned } = snapshot;
  const points = size * size;
  const map = symmetryMap(size, symmetry);
  planes.fill(1, planesOffset, planesOffset + points);
  planes.fill(0, planesOffset + points, planesOffset + PLANES * points);
  const board = geometry(size);
  toCells(board, stones, cells);
  findChains(board, cells, chains);
  for (let point = 0; point < points; point++) {
    const stone = stones[point]!;
    if (stone === 0) continue;
    const at = planesOffset + map[point]!;
    planes[at + (stone === toMove ? 1 : 2) * points] = 1;
    const count = chains.liberties[chains.head[board.cellOf[point]!]!]!;
    if (count < MANY) planes[at + (LIBERTY_PLANE + count - 1) * points] = 1;
  }
  for (const point of banned) planes[planesOffset + BANNED_PLANE * points + map[point]!] = 1;
  for (let i = 0; i < lastMoves.length; i++) {
    const move = lastMoves[i]!;
    if (move < points) planes[planesOffset + (MOVES_PLANE + i) * points + map[move]!] = 1;
  }
  writeGlobals(snapshot, globals, globalsOffset);
}

function writeGlobals(
  { size, toMove, rules, lastMoves, bonus = 0 }: Snapshot,
  out: Float32Array,
  offset: number,
): void {
  const points = size * size;
  const komi = toMove === BLACK ? -rules.komi - bonus : rules.komi + bonus;
  out[offset] = lastMoves[0] === points ? 1 : 0;
  out[offset + 1] = lastMoves[1] === points ? 1 : 0;
  out[offset + 2] = (4 * komi) / points;
  out[offset + 3] = rules.ko === 'positional' ? 1 : 0;
  out[offset + 4] = rules.ko === 'situational' ? 1 : 0;
  out[offset + 5] = rules.suicide ? 1 : 0;
  out[offset + 6] = parityWave(points, komi);
}
