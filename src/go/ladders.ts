/**
 * Ladders: whether a chain with one or two liberties can be kept in atari until it is taken. Read out, as KataGo does for
 * its networks (cpp/game/board.cpp, "searchIsLadderCaptured"): the attacker plays on the prey's liberties, the prey runs
 * or takes what it can beside it. Every ko works for the prey, except that two at once do not save it.
 *
 * The answer for an ordinary ladder does not depend on the order of moves; reading that goes on for too long is given up,
 * and the chain called safe.
 */

import { MOST_CELLS, type Chains } from './chains.js';
import type { Color } from './color.js';
import type { Geometry, ReadonlyNumbers } from './geometry.js';
import { ReadingBoard } from './reading-board.js';

/** Most plays read for one chain (KataGo's number). */
const MOST_PLAYS = 25_000;

/** Reads ladders in position after position; its buffers are reused. */
export class LadderReader {
  readonly #board = new ReadingBoard();
  /** Moves of the prey, one list behind the other for every ply. */
  readonly #moves = new Uint16Array(16_384);
  /** For heads: 0 unread, 1 safe, 2 taken. */
  readonly #answers = new Uint8Array(MOST_CELLS);
  #plays = 0;
  /** Deepest ply, beyond which the prey counts as taken. */
  #mostPlies = 0;
  #prey = 0;
  #attacker: Color = 1;

  /** For stones: 1 if a ladder takes them [cells]. Valid until the next `read`. */
  readonly taken = new Uint8Array(MOST_CELLS);
  /**
   * Moves that start a working ladder against a chain with two liberties [cells]: 1 against a black one, 2 against a
   * white one, 3 against both. Valid until the next `read`.
   */
  readonly starts = new Uint8Array(MOST_CELLS);

  /** Reads every chain with one or two liberties. @param ko the cell banned by the immediate ko, or 0 */
  read(geometry: Geometry, stones: ReadonlyNumbers, { head, liberties }: Chains, ko: number): void {
    const { cells, points, cellOf } = geometry;
    this.#answers.fill(0, 0, cells);
    this.taken.fill(0, 0, cells);
    this.starts.fill(0, 0, cells);
    this.#mostPlies = Math.floor((points * 3) / 2);
    let isLoaded = false;
    for (const cell of cellOf) {
      if (stones[cell] === 0) continue;
      const chain = head[cell]!;
      const count = liberties[chain]!;
      if (count !== 1 && count !== 2) continue;
      if (this.#answers[chain] === 0) {
        if (!isLoaded) this.#board.load(geometry, stones, ko);
        isLoaded = true;
        this.#answers[chain] = this.#isTaken(cell, count) ? 2 : 1;
      }
      if (this.#answers[chain] === 2) this.taken[cell] = 1;
    }
  }

  #isTaken(cell: number, liberties: number): boolean {
    const board = this.#board;
    const color = board.stones[cell]!;
    this.#prey = cell;
    this.#attacker = (3 - color) as Color;
    if (liberties === 1) return this.#search();
    board.liberties(cell, 2);
    const first = board.found[0]!;
    const second = board.found[1]!;
    const firstWorks = this.#startWorks(first, color);
    return this.#startWorks(second, color) || firstWorks;
  }

  #startWorks(move: number, preyColor: number): boolean {
    const board = this.#board;
    if (!board.isLegal(move, this.#attacker)) return false;
    board.play(move, this.#attacker);
    const works = this.#search();
    board.undo();
    if (works) this.starts[move]! |= preyColor;
    return works;
  }

  /** Whether the prey, to move, is taken. */
  #search(): boolean {
    const board = this.#board;
    const { ko } = board;
    board.ko = 0;
    this.#plays = 0;
    const taken = this.#preyToMove(0, 0) && this.#plays < MOST_PLAYS;
    board.ko = ko;
    return taken;
  }

  /** @param listed length of the lists of moves of the plies before */
  #preyToMove(ply: number, listed: number): boolean {
    const board = this.#board;
    const prey = this.#prey;
    if (ply >= this.#mostPlies) return true;
    if (board.liberties(prey, 2) > 1 || board.ko !== 0) return false;
    const moves = this.#moves;
    const run = board.found[0]!;
    let count = board.captures(prey, moves, listed);
    moves[listed + count++] = run;
    const color = (3 - this.#attacker) as Color;
    for (let i = 0; i < count; i++) {
      const move = moves[listed + i]!;
      if (!board.isLegal(move, color)) continue;
      const escapes = !this.#afterPlay(move, color, ply, listed + count);
      if (escapes) return false;
    }
    return true;
  }

  #attackerToMove(ply: number, listed: number): boolean {
    const board = this.#board;
    if (ply >= this.#mostPlies) return true;
    const liberties = board.liberties(this.#prey, 3);
    if (liberties !== 2) return liberties < 2;
    const first = board.found[0]!;
    const second = board.found[1]!;
    const room = board.emptyNeighbours(first);
    const otherRoom = board.emptyNeighbours(second);
    if (room === 0 && otherRoom === 0 && this.#isDoubleKo(first, second, listed)) return true;
    // Filling one liberty leaves the prey all the room of the other, unless they touch.
    const apart = !board.areNeighbours(first, second);
    const attackFirst = (): boolean => !(apart && otherRoom >= 3) && this.#attack(first, ply, listed);
    const attackSecond = (): boolean => !(apart && room >= 3) && this.#attack(second, ply, listed);
    return room >= otherRoom ? attackFirst() || attackSecond() : attackSecond() || attackFirst();
  }

  #attack(move: number, ply: number, listed: number): boolean {
    return this.#board.isLegal(move, this.#attacker) && this.#afterPlay(move, this.#attacker, ply, listed);
  }

  /** Plays, asks whether the prey is taken, takes back. */
  #afterPlay(move: number, color: Color, ply: number, listed: number): boolean {
    // Given up: the rest of the search falls through, and its answer is not used.
    if (this.#plays >= MOST_PLAYS) return true;
    this.#plays++;
    this.#board.play(move, color);
    const isAttacker = color === this.#attacker;
    const taken = isAttacker ? this.#preyToMove(ply + 1, listed) : this.#attackerToMove(ply + 1, listed);
    this.#board.undo();
    return taken;
  }

  /** Whether the prey's two liberties are both kos that it cannot win: it may connect one, not both. */
  #isDoubleKo(first: number, second: number, listed: number): boolean {
    const board = this.#board;
    if (!board.isKoCapture(first, this.#attacker) || !board.isKoCapture(second, this.#attacker)) return false;
    if (this.#libertiesAfter(first) > 2 || this.#libertiesAfter(second) > 2) return false;
    return board.captures(this.#prey, this.#moves, listed) === 0;
  }

  #libertiesAfter(move: number): number {
    const board = this.#board;
    board.play(move, (3 - this.#attacker) as Color);
    const liberties = board.liberties(move, 3);
    board.undo();
    return liberties;
  }
}
