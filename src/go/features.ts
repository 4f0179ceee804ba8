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
import { geometry, type Geometry } from './geometry.js';
import type { Snapshot } from './snapshot.js';
import { symmetryMap } from './symmetry.js';

/** Names the meaning of planes and globals; stored in every model that was trained on them. */
export const FEATURES_VERSION = 'tengen-1';
/** Number of planes, each [size, size]. */
export const PLANE_COUNT = 12;
/** Number of values that describe the position as a whole. */
export const GLOBAL_COUNT = 7;

const LIBERTY_PLANE = 3;
const BANNED_PLANE = 6;
const MOVES_PLANE = 7;
/** Liberties are counted up to here. */
const MANY = 4;

/**
 * Writes the features of `snapshot` turned by `symmetry` (see `symmetry.ts`). Reads the snapshot as checked.
 *
 * @param planes gets [PLANE_COUNT, size, size] row-major from `planesOffset`
 * @param globals gets [GLOBAL_COUNT] from `globalsOffset`
 */
export function writeFeatures(
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
  planes.fill(0, planesOffset + points, planesOffset + PLANE_COUNT * points);
  const liberties = countLiberties(geometry(size), stones);
  for (let point = 0; point < points; point++) {
    const stone = stones[point]!;
    if (stone === 0) continue;
    const at = planesOffset + map[point]!;
    planes[at + (stone === toMove ? 1 : 2) * points] = 1;
    const count = liberties[point]!;
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

/**
 * A triangle wave of period 2 in komi, zero at the komi values that allow a draw and half-way between them: on a full
 * board Black's and White's areas add up to size², so their difference has its parity.
 */
function parityWave(points: number, komi: number): number {
  const parity = points & 1;
  const above = komi - (Math.floor((komi - parity) / 2) * 2 + parity);
  return above < 0.5 ? above : above < 1.5 ? 1 - above : above - 2;
}

// Scratch for one call at a time; nothing here waits.
const cellStones = new Uint8Array(421);
const counted = new Uint16Array(421);
const queue = new Uint16Array(361);
const libertiesAt = new Uint8Array(361);

/** Liberties of the chain of every stone [points], `MANY` for that many or more; meaningless on empty points. */
function countLiberties(
  { points, stride, cells, cellOf, pointOf, emptyStones }: Geometry,
  stones: Uint8Array,
): Uint8Array {
  cellStones.set(emptyStones);
  for (let point = 0; point < points; point++) cellStones[cellOf[point]!] = stones[point]!;
  // Holds, for a stone, whether its chain is done, and for an empty cell the last chain that counted it.
  counted.fill(0, 0, cells);
  for (let point = 0; point < points; point++) {
    const start = cellOf[point]!;
    const color = cellStones[start]!;
    if (color === 0 || counted[start] !== 0) continue;
    const mark = point + 1;
    let length = 1;
    let liberties = 0;
    queue[0] = start;
    counted[start] = mark;
    for (let next = 0; next < length; next++) {
      const cell = queue[next]!;
      for (let i = 0; i < 4; i++) {
        const neighbour = i === 0 ? cell - stride : i === 1 ? cell - 1 : i === 2 ? cell + 1 : cell + stride;
        const stone = cellStones[neighbour]!;
        if ((stone !== 0 && stone !== color) || counted[neighbour] === mark) continue;
        counted[neighbour] = mark;
        if (stone === 0) liberties++;
        else queue[length++] = neighbour;
      }
    }
    for (let i = 0; i < length; i++) libertiesAt[pointOf[queue[i]!]!] = liberties < MANY ? liberties : MANY;
  }
  return libertiesAt;
}
