/**
 * What travels to be evaluated: everything the network needs to know of a position, and no history beyond that.
 */

import { check } from '../core/errors.js';
import { BLACK, WHITE, opponent, type Color } from './color.js';
import { geometry } from './geometry.js';
import { checkRules, checkSize, MAX_SIZE, type Rules } from './rules.js';

/** How many of the latest moves a snapshot holds at most. */
export const LAST_MOVES = 5;

/** One position, detached from the game it came from. */
export interface Snapshot {
  /** Points on a side. */
  readonly size: number;
  /** 0 empty, 1 black, 2 white [size²], row by row from the top-left. */
  readonly stones: Uint8Array;
  readonly toMove: Color;
  readonly rules: Rules;
  /** The latest moves, newest first, at most 5; size² is a pass. They alternate, the newest by the opponent of `toMove`. */
  readonly lastMoves: readonly number[];
  /** Empty points that `toMove` may not play because of ko or superko (not because of suicide). */
  readonly banned: readonly number[];
  /**
   * Points that the latest move emptied: what it took, or in a suicide the rest of its own chain. With `lastMoves` they
   * tell the board before it. None if absent.
   */
  readonly captured?: readonly number[];
  /** The same for the move before the latest. */
  readonly capturedBefore?: readonly number[];
  /**
   * Points that White has beside komi, a multiple of 0.5: under territory scoring the stones that Black has played or
   * set up, less White's; and White's bonus for handicap stones. 0 if absent.
   */
  readonly bonus?: number;
}

/** Largest bonus, either way; far beyond what a game gives. */
export const MOST_BONUS = 5000;

/**
 * Refuses what no game could have: wrong lengths, unknown stones, chains without liberties, banned points that are not
 * empty, moves off the board.
 *
 * @throws AppError 'invalid-argument' naming the value seen and the values allowed
 */
export function checkSnapshot(snapshot: Snapshot): void {
  const { size, stones, toMove, rules, lastMoves, banned, bonus = 0 } = snapshot;
  checkSize(size);
  checkRules(rules, size);
  const points = size * size;
  check(stones.length === points, () => `stones has ${stones.length} entries; size ${size} needs ${points}`);
  for (let point = 0; point < points; point++) {
    const stone = stones[point]!;
    if (stone > WHITE) check(false, `stones[${point}] is ${stone}; it must be 0 (empty), 1 (black) or 2 (white)`);
  }
  // What comes off the wire may be any number, whatever its type says.
  const side: number = toMove;
  check(side === BLACK || side === WHITE, () => `to_move is ${side}; it must be 1 (black) or 2 (white)`);
  check(
    lastMoves.length <= LAST_MOVES,
    () => `last_moves has ${lastMoves.length} entries; at most ${LAST_MOVES} allowed`,
  );
  for (const move of lastMoves) {
    check(
      Number.isInteger(move) && move >= 0 && move <= points,
      () => `last_moves holds ${move}; a move on size ${size} is 0 to ${points}, ${points} being a pass`,
    );
  }
  checkEmpty('banned', banned, stones);
  checkCaptures(snapshot);
  check(
    Number.isInteger(bonus * 2) && Math.abs(bonus) <= MOST_BONUS,
    () => `bonus is ${bonus}; it must be a multiple of 0.5 from ${-MOST_BONUS} to ${MOST_BONUS}`,
  );
  const dead = findChainWithoutLiberties(size, stones);
  check(dead < 0, () => `the chain at point ${dead} has no liberties; no game has such a position`);
}

function checkEmpty(name: string, list: readonly number[], stones: Uint8Array): void {
  const points = stones.length;
  check(list.length <= points, () => `${name} has ${list.length} entries; the board has ${points} points`);
  for (const point of list) {
    check(stones[point] === 0, () => `${name} holds ${point}; it must be an empty point from 0 to ${points - 1}`);
  }
}

/** What a move took is empty after it, so only a move that is known can have taken anything. */
function checkCaptures(snapshot: Snapshot): void {
  const { stones, lastMoves, captured = [], capturedBefore = [] } = snapshot;
  checkEmpty('captured', captured, stones);
  check(captured.length === 0 || lastMoves.length > 0, 'captured has entries, but last_moves is empty');
  if (capturedBefore.length === 0) return;
  check(lastMoves.length > 1, () => `captured_before has entries, but last_moves has ${lastMoves.length}`);
  const before = new Uint8Array(stones.length);
  previousStones(snapshot, before, new Uint8Array(stones.length));
  checkEmpty('captured_before', capturedBefore, before);
}

/**
 * Writes the boards one and two turns ago into `before` and `beforeThat` [size²]. Where the latest moves do not tell, a
 * board is that of the turn after it.
 */
export function previousStones(snapshot: Snapshot, before: Uint8Array, beforeThat: Uint8Array): void {
  const { stones, toMove, lastMoves, captured = [], capturedBefore = [] } = snapshot;
  before.set(stones);
  if (lastMoves.length > 0) takeBack(before, lastMoves[0]!, opponent(toMove), captured);
  beforeThat.set(before);
  if (lastMoves.length > 1) takeBack(beforeThat, lastMoves[1]!, toMove, capturedBefore);
}

/** The point that the immediate ko bans after `move`, which took `captured`; undefined if there is none. */
export function koPoint(
  size: number,
  stones: Uint8Array,
  move: number | undefined,
  captured: readonly number[] = [],
): number | undefined {
  if (move === undefined || captured.length !== 1 || stones[move] === 0) return undefined;
  const { cellOf, pointOf, stride } = geometry(size);
  const cell = cellOf[move]!;
  let empty = 0;
  for (const neighbour of [cell - stride, cell - 1, cell + 1, cell + stride]) {
    const stone = stones[pointOf[neighbour]!];
    if (stone === stones[move]) return undefined;
    if (stone === 0) empty++;
  }
  return empty === 1 ? captured[0] : undefined;
}

/** Undoes a move of `color`: a pass, a play, or a suicide, after which its point is empty. */
function takeBack(stones: Uint8Array, move: number, color: Color, captured: readonly number[]): void {
  const stone = stones[move];
  // A point with a stone of the other color says that the move is not of this board.
  if (stone === undefined || stone === opponent(color)) return;
  stones[move] = 0;
  for (const point of captured) stones[point] = stone === 0 ? color : opponent(color);
}

// Scratch for one call at a time: rows 1 … size of the board, one bit a point; nothing is in the rows around them.
const empty = new Int32Array(MAX_SIZE + 2);
const black = new Int32Array(MAX_SIZE + 2);
const white = new Int32Array(MAX_SIZE + 2);
const alive = new Int32Array(MAX_SIZE + 2);

/**
 * A point of some chain that has no liberty, or −1.
 *
 * @param from where the stones begin in `stones`
 */
export function findChainWithoutLiberties(size: number, stones: Uint8Array, from = 0): number {
  for (let row = 1, point = from; row <= size; row++) {
    let [blacks, whites] = [0, 0];
    for (let bit = 1; bit < 1 << size; bit <<= 1) {
      const stone = stones[point++];
      if (stone === BLACK) blacks |= bit;
      else if (stone === WHITE) whites |= bit;
    }
    black[row] = blacks;
    white[row] = whites;
    empty[row] = ((1 << size) - 1) ^ blacks ^ whites;
  }
  empty[size + 1] = 0;
  const dead = findDead(size, black);
  return dead < 0 ? findDead(size, white) : dead;
}

/** A point of `color` from which no liberty is reached, or −1. */
function findDead(size: number, color: Int32Array): number {
  for (let row = 1; row <= size; row++) {
    alive[row] = color[row]! & (beside(empty[row]!) | empty[row - 1]! | empty[row + 1]!);
  }
  // Life spreads down the board and up again; a chain that winds takes more turns.
  let isSpreading = true;
  while (isSpreading) {
    isSpreading = false;
    for (let row = 1; row <= size; row++) if (spread(color, row, row - 1)) isSpreading = true;
    for (let row = size - 1; row > 0; row--) if (spread(color, row, row + 1)) isSpreading = true;
  }
  for (let row = 1; row <= size; row++) {
    const dead = color[row]! & ~alive[row]!;
    if (dead !== 0) return (row - 1) * size + 31 - Math.clz32(dead & -dead);
  }
  return -1;
}

/** Spreads life into a row from the row at `from`, and along it; says whether any stone came to life. */
function spread(color: Int32Array, row: number, from: number): boolean {
  const stones = color[row]!;
  const before = alive[row]!;
  let life = before;
  for (let more = before | (stones & (beside(before) | alive[from]!)); more !== life;) {
    life = more;
    more |= stones & beside(life);
  }
  alive[row] = life;
  return life !== before;
}

/** The points left and right of those in a row. */
function beside(row: number): number {
  return (row << 1) | (row >> 1);
}
