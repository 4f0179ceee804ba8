/**
 * A position as numbers for the network, feature set `katago-7`: the inputs of KataGo's networks of model versions 8 and
 * up (its "V7": cpp/neuralnet/nninputs.cpp), seen by the side to move.
 *
 * | plane | 1 at …                                                |
 * |---|---|
 * | 0 | every point                                            |
 * | 1, 2 | stones of the side to move, of the opponent          |
 * | 3, 4, 5 | stones of chains with exactly 1, 2, 3 liberties   |
 * | 6 | points that ko or superko forbids                      |
 * | 9 … 13 | the latest move, the one before it, … five in all  |
 * | 14, 15, 16 | stones that a ladder takes, now and on the boards one and two turns ago |
 * | 17 | moves that start a working ladder against an opponent's chain of two liberties |
 * | 18, 19 | points that the side to move, the opponent owns; none under territory scoring |
 * | 7, 8, 20, 21 | nothing: what KataGo plays after the end under territory rules is not played here |
 *
 * | global | value |
 * |---|---|
 * | 0 … 4 | 1 if the latest move, the one before it, … was a pass |
 * | 5 | komi, and White's bonus, for the side to move, within ±(size² + 20), by 20 |
 * | 6, 7 | ko rule: simple 0, 0; positional 1, 0.5; situational 1, −0.5 |
 * | 8 | 1 if suicide is allowed                                |
 * | 9 | 1 under territory scoring                              |
 * | 10, 11 | tax: none 0, 0; seki 1, 0; all 1, 1               |
 * | 14 | 1 if a pass now ends the game                         |
 * | 18 | komi's parity wave under area scoring                 |
 * | 12, 13, 15, 16, 17 | 0: KataGo's play after the end, unequal playouts, the button |
 *
 * As in KataGo, moves before the end of the game are not shown after it, and none are while friendly passes are allowed
 * and a pass would end it. Not seen, for want of the whole game: that under simple ko a pass also ends it where the same
 * player has passed in the same position before, and a ko two turns ago.
 */

import { Chains, MOST_CELLS, findChains, toCells } from './chains.js';
import { BLACK } from './color.js';
import { parityWave, type FeatureSet } from './feature-set.js';
import { geometry, type Geometry } from './geometry.js';
import { independentLifeInto } from './independent-life.js';
import { LadderMemo } from './ladder-memo.js';
import { ownersInto } from './pass-alive.js';
import { MAX_SIZE, type Rules } from './rules.js';
import { koPoint, previousStones, type Snapshot } from './snapshot.js';
import { symmetryMap } from './symmetry.js';

const PLANES = 22;
const GLOBALS = 19;
const LIBERTY_PLANE = 3;
const BANNED_PLANE = 6;
const MOVES_PLANE = 9;
const LADDER_PLANE = 14;
const LADDER_START_PLANE = 17;
const OWNER_PLANE = 18;
/** How far beyond the board's area komi may go. */
const KOMI_MARGIN = 20;

/** The features of KataGo's networks; what the tables above say. */
export const katago7: FeatureSet = { name: 'katago-7', planes: PLANES, globals: GLOBALS, write };

// Scratch for one call at a time; nothing here waits.
const cells = new Uint8Array(MOST_CELLS);
const chains = new Chains();
const owners = new Uint8Array(MOST_CELLS);
const lasting = new Uint8Array(MOST_CELLS);
const before = new Uint8Array(MAX_SIZE * MAX_SIZE);
const beforeThat = new Uint8Array(MAX_SIZE * MAX_SIZE);
const ladders = new LadderMemo();
const beforeCells = new Uint8Array(MOST_CELLS);
const beforeChains = new Chains();

/** Where one position's planes go: plane p of point q is at `offset + p · points + map[q]`. */
interface Target {
  readonly planes: Float32Array;
  readonly offset: number;
  readonly points: number;
  readonly map: Int32Array;
}

function write(
  snapshot: Snapshot,
  symmetry: number,
  planes: Float32Array,
  planesOffset: number,
  globals: Float32Array,
  globalsOffset: number,
): void {
  const { size, stones, rules } = snapshot;
  const points = size * size;
  const board = geometry(size);
  const target: Target = { planes, offset: planesOffset, points, map: symmetryMap(size, symmetry) };
  const turns = shownTurns(snapshot);
  planes.fill(1, planesOffset, planesOffset + points);
  planes.fill(0, planesOffset + points, planesOffset + PLANES * points);
  toCells(board, stones, cells);
  findChains(board, cells, chains);
  writeStones(snapshot, board, target);
  writeMoves(snapshot, turns, target);
  if (rules.scoring !== 'territory') writeOwners(snapshot, board, target);
  writeLadders(snapshot, turns, board, target);
  writeGlobals(snapshot, turns, globals, globalsOffset);
}

/** How many of the latest moves are shown. */
function shownTurns({ size, lastMoves, rules }: Snapshot): number {
  const pass = size * size;
  if (lastMoves[0] !== pass) return turnsSinceEnd(lastMoves, pass);
  if (lastMoves[1] === pass) return 1;
  return rules.friendlyPassOk && rules.scoring !== 'territory' ? 0 : turnsSinceEnd(lastMoves, pass);
}

/** The latest moves, of those before the last two passes in a row only one pass. */
function turnsSinceEnd(lastMoves: readonly number[], pass: number): number {
  for (let i = 0; i + 1 < lastMoves.length; i++) if (lastMoves[i] === pass && lastMoves[i + 1] === pass) return i + 1;
  return lastMoves.length;
}

function writeStones({ stones, toMove, banned }: Snapshot, board: Geometry, target: Target): void {
  const { planes, offset, points, map } = target;
  for (let point = 0; point < points; point++) {
    const stone = stones[point]!;
    if (stone === 0) continue;
    const at = offset + map[point]!;
    planes[at + (stone === toMove ? 1 : 2) * points] = 1;
    const count = chains.liberties[chains.head[board.cellOf[point]!]!]!;
    if (count <= 3) planes[at + (LIBERTY_PLANE + count - 1) * points] = 1;
  }
  for (const point of banned) planes[offset + BANNED_PLANE * points + map[point]!] = 1;
}

function writeMoves({ lastMoves }: Snapshot, turns: number, { planes, offset, points, map }: Target): void {
  for (let i = 0; i < turns; i++) {
    const move = lastMoves[i]!;
    if (move < points) planes[offset + (MOVES_PLANE + i) * points + map[move]!] = 1;
  }
}

function writeOwners({ toMove, rules }: Snapshot, board: Geometry, { planes, offset, points, map }: Target): void {
  ownersInto(board, cells, chains, rules.suicide, owners);
  const isTaxed = rules.tax !== undefined && rules.tax !== 'none';
  if (isTaxed) independentLifeInto(board, cells, chains, owners, lasting);
  const shown = isTaxed ? lasting : owners;
  for (let point = 0; point < points; point++) {
    const owner = shown[board.cellOf[point]!]!;
    if (owner !== 0) planes[offset + (OWNER_PLANE + (owner === toMove ? 0 : 1)) * points + map[point]!] = 1;
  }
}

function writeLadders(snapshot: Snapshot, turns: number, board: Geometry, target: Target): void {
  const { size, stones, toMove, lastMoves, captured, capturedBefore } = snapshot;
  const { planes, offset, points, map } = target;
  previousStones(snapshot, before, beforeThat);
  const now = ladders.read(board, cells, () => chains, cellOf(board, koPoint(size, stones, lastMoves[0], captured)));
  writeTaken(board, 0, now.taken, target);
  for (let point = 0; point < points; point++) {
    // The bits of `starts` are the colors of the prey.
    if ((now.starts[board.cellOf[point]!]! & (3 - toMove)) === 0) continue;
    planes[offset + LADDER_START_PLANE * points + map[point]!] = 1;
  }
  let { taken } = now;
  for (let turn = 1; turn <= 2; turn++) {
    // A pass leaves the ladders as they are, and so does a turn that is not shown.
    if (turn <= turns && lastMoves[turn - 1]! < size * size) {
      const ko = turn === 1 ? koPoint(size, before, lastMoves[1], capturedBefore) : undefined;
      toCells(board, turn === 1 ? before : beforeThat, beforeCells);
      taken = ladders.read(board, beforeCells, () => chainsOf(board), cellOf(board, ko)).taken;
    }
    writeTaken(board, turn, taken, target);
  }
}

/** Of the board in `beforeCells`. */
function chainsOf(board: Geometry): Chains {
  findChains(board, beforeCells, beforeChains);
  return beforeChains;
}

function writeTaken(board: Geometry, turn: number, taken: Uint8Array, { planes, offset, points, map }: Target): void {
  const plane = offset + (LADDER_PLANE + turn) * points;
  for (let point = 0; point < points; point++) {
    if (taken[board.cellOf[point]!] !== 0) planes[plane + map[point]!] = 1;
  }
}

function cellOf(board: Geometry, point: number | undefined): number {
  return point === undefined ? 0 : board.cellOf[point]!;
}

function writeGlobals(snapshot: Snapshot, turns: number, out: Float32Array, offset: number): void {
  const { size, toMove, rules, lastMoves, bonus = 0 } = snapshot;
  const points = size * size;
  const most = points + KOMI_MARGIN;
  const komi = Math.max(-most, Math.min(most, (rules.komi + bonus) * (toMove === BLACK ? -1 : 1)));
  out.fill(0, offset, offset + GLOBALS);
  for (let i = 0; i < turns; i++) out[offset + i] = lastMoves[i] === points ? 1 : 0;
  out[offset + 5] = komi / 20;
  if (rules.ko !== 'simple') {
    out[offset + 6] = 1;
    out[offset + 7] = rules.ko === 'positional' ? 0.5 : -0.5;
  }
  out[offset + 8] = rules.suicide ? 1 : 0;
  writeScoring(rules, out, offset);
  out[offset + 14] = lastMoves[0] === points && turns > 0 ? 1 : 0;
  if (rules.scoring !== 'territory') out[offset + 18] = parityWave(points, komi);
}

function writeScoring({ scoring, tax }: Rules, out: Float32Array, offset: number): void {
  out[offset + 9] = scoring === 'territory' ? 1 : 0;
  out[offset + 10] = tax === 'seki' || tax === 'all' ? 1 : 0;
  out[offset + 11] = tax === 'all' ? 1 : 0;
}
