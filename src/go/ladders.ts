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
  read(geometry: Geometry, stones: ReadonlyNumbers, chains: Chains, ko: number): void {
    const { cells, points, cellOf } = geometry;
    const { head, liberties } = chains;
    this.#answers.fill(0, 0, cells);
    this.taken.fill(0, 0, cells);
    this.starts.fill(0, 0, cells);
    this.#mostPlies = Math.floor((points * 3) / 2);
    let isLoaded = false;
    for (let point = 0; point < points; point++) {
      const cell = cellOf[point]!;
      if (stones[cell] === 0) continue;
      const chain = head[cell]!;
      const count = liberties[chain]!;
      if (count !== 1 && count !== 2) continue;
      if (this.#answers[chain] === 0) {
        if (!isLoaded) this.#board.load(geometry, stones, chains, ko);
        isLoaded = true;
        this.#answers[chain] = this.#isTaken(cell, count) ? 2 : 1;
      }
      if (this.#answers[chain] === 2) this.taken[cell] = 1;
    }
  }

  #isTaken(cell: number, liberties: number): boolean {
    const board = this.#board;
    const color = board.stones[cell]! as Color;
    this.#prey = cell;
    this.#attacker = (3 - color) as Color;
    board.liberties(cell, 2);
    const first = board.found[0]!;
    if (liberties === 1) return this.#search(first);
    const second = board.found[1]!;
    const firstWorks = this.#startWorks(first, second, color);
    return this.#startWorks(second, first, color) || firstWorks;
  }

  /** Whether filling one of the prey's two liberties takes it, which then runs to the other one. */
  #startWorks(move: number, run: number, preyColor: Color): boolean {
    const board = this.#board;
    if (board.emptyNeighbours(run) >= 4 || !board.isLegal(move, this.#attacker)) return false;
    board.play(move, this.#attacker);
    const works = this.#search(run);
    board.undo();
    if (works) this.starts[move]! |= preyColor;
    return works;
  }

  /** Whether the prey, to move and in atari at `run`, is taken. */
  #search(run: number): boolean {
    const board = this.#board;
    // What it might take besides does not matter: one way out is enough.
    if (this.#runsFree(run)) return false;
    const { ko } = board;
    board.ko = 0;
    this.#plays = 0;
    const taken = this.#preyToMove(run, 0, 0) && this.#plays < MOST_PLAYS;
    board.ko = ko;
    return taken;
  }

  /** True only if the prey has three liberties after running, for certain. */
  #runsFree(run: number): boolean {
    return this.#board.surelyHasAfter(run, (3 - this.#attacker) as Color, 3);
  }

  /**
   * @param run the prey's only liberty
   * @param listed length of the lists of moves of the plies before
   */
  #preyToMove(run: number, ply: number, listed: number): boolean {
    const board = this.#board;
    if (ply >= this.#mostPlies) return true;
    if (board.ko !== 0) return false;
    const moves = this.#moves;
    const color = (3 - this.#attacker) as Color;
    const count = board.captures(this.#prey, moves, listed);
    for (let i = 0; i < count; i++) {
      // It takes stones, so it is legal.
      if (!this.#takenAfter(moves[listed + i]!, ply, listed + count)) return false;
    }
    return !board.isLegal(run, color) || this.#takenAfter(run, ply, listed + count);
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
    const firstMayWork = !(apart && otherRoom >= 3);
    const secondMayWork = !(apart && room >= 3);
    if (room < otherRoom) {
      if (secondMayWork && this.#attack(second, first, ply, listed)) return true;
      return firstMayWork && this.#attack(first, second, ply, listed);
    }
    if (firstMayWork && this.#attack(first, second, ply, listed)) return true;
    return secondMayWork && this.#attack(second, first, ply, listed);
  }

  /** Whether the attacker takes the prey by filling one of its two liberties. */
  #attack(move: number, run: number, ply: number, listed: number): boolean {
    const board = this.#board;
    if (!board.isLegal(move, this.#attacker)) return false;
    if (this.#givesUp()) return true;
    board.play(move, this.#attacker);
    const taken = this.#preyToMove(run, ply + 1, listed);
    board.undo();
    return taken;
  }

  /** Whether the attacker takes the prey after a legal move of it. */
  #takenAfter(move: number, ply: number, listed: number): boolean {
    const board = this.#board;
    if (this.#givesUp()) return true;
    board.play(move, (3 - this.#attacker) as Color);
    const taken = this.#attackerToMove(ply + 1, listed);
    board.undo();
    return taken;
  }

  /** Counts a play, or says that there were too many: the rest of the search falls through, and its answer is not used. */
  #givesUp(): boolean {
    if (this.#plays >= MOST_PLAYS) return true;
    this.#plays++;
    return false;
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
