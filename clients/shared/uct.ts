/**
 * A player that needs no network: what learning is measured against, and what moves for a server that does not answer. UCT with random playouts, without patterns, priors or RAVE
 * (Kocsis & Szepesvári, "Bandit based Monte-Carlo Planning", 2006). Every playout adds one node to the tree, descends by
 *
 *     argmax  wins / n + exploration · √(ln N / n)        unvisited moves first, in random order
 *
 * and plays random moves that fill no own eyes until neither side has one; the area then says who won.
 */

import { check } from '../../src/core/errors.js';
import type { Rng } from '../../src/core/rng.js';
import { areaScore } from '../../src/go/area.js';
import { Board } from '../../src/go/board.js';
import { LEGAL } from '../../src/go/verdicts.js';
import { BLACK, opponent, type Color } from '../../src/go/color.js';
import { isOwnEye } from '../../src/go/eyes.js';
import { Position } from '../../src/go/position.js';

export interface UctOptions {
  /** Playouts a move. */
  readonly playouts: number;
  /** The constant of UCB1 for results in [0, 1]; the default won most on 7×7 at 1000 playouts among 0.25 to 1. */
  readonly exploration?: number;
}

/** Plays `playouts` random games to choose a move. Holds a tree between calls only to reuse its memory. */
export class UctPlayer {
  readonly #playouts: number;
  readonly #exploration: number;
  // Nodes as a structure of arrays; node 0 is the root, the children of a node lie in a row.
  #move = new Int16Array(0);
  #visits = new Int32Array(0);
  /** Results for the player who moved into the node, a draw counting half. */
  #wins = new Float64Array(0);
  #firstChild = new Int32Array(0);
  #childCount = new Int16Array(0);
  #nodeCount = 0;
  #scratch = new Position(1, { ko: 'simple', suicide: false, komi: 0 });
  #board = new Board(1);
  readonly #path: number[] = [];

  constructor(options: UctOptions) {
    const { playouts, exploration = 0.4 } = options;
    check(
      Number.isInteger(playouts) && playouts >= 1 && playouts <= 1_000_000,
      () => `playouts is ${playouts}; it must be a whole number from 1 to 1000000`,
    );
    this.#playouts = playouts;
    this.#exploration = exploration;
  }

  /**
   * The move with the most visits. Passes when no move but into an own eye is left, and when the opponent has just
   * passed and the board as it stands wins. The position is not changed; equal `rng` states give equal moves.
   *
   * @param shouldStop asked before every playout; true ends the search with what it has
   */
  chooseMove(position: Position, rng: Rng, shouldStop: () => boolean = () => false): number {
    const pass = position.actionCount - 1;
    if (position.lastMoves[0] === pass && winFor(position.score(), position.toMove) === 1) return pass;
    this.#reserve(position);
    this.#nodeCount = 1;
    this.#clearNode(0, pass);
    this.#scratch.copyFrom(position);
    this.#expand(0, rng);
    if (this.#childCount[0] === 1) return pass;
    for (let i = 0; i < this.#playouts && !shouldStop(); i++) this.#simulate(position, rng);
    return this.#move[this.#mostVisited(0)]!;
  }

  /** How the last search judges the move it chose: share of playouts won by the player who chose. */
  get winRate(): number {
    const best = this.#mostVisited(0);
    return this.#visits[best] === 0 ? 0.5 : this.#wins[best]! / this.#visits[best]!;
  }

  #simulate(root: Position, rng: Rng): void {
    const scratch = this.#scratch;
    scratch.copyFrom(root);
    const path = this.#path;
    path.length = 0;
    let node = 0;
    for (;;) {
      path.push(node);
      if (scratch.isOver || (node !== 0 && this.#visits[node] === 0)) break;
      if (this.#firstChild[node] === 0) this.#expand(node, rng);
      node = this.#select(node);
      scratch.play(this.#move[node]!);
    }
    const score = scratch.isOver ? scratch.score() : this.#playout(scratch, rng);
    const blackWins = winFor(score, BLACK);
    // The player who moved into the last node of the path is the opponent of the one to move after it.
    let mover = opponent(scratch.toMove);
    for (let i = path.length - 1; i >= 0; i--) {
      const at = path[i]!;
      this.#visits[at]!++;
      this.#wins[at]! += mover === BLACK ? blackWins : 1 - blackWins;
      mover = opponent(mover);
    }
  }

  /** Gives the node of the scratch position a child for every legal move that fills no own eye, and for the pass. */
  #expand(node: number, rng: Rng): void {
    const { board, toMove, actionCount } = this.#scratch;
    const first = this.#nodeCount;
    for (let i = 0; i < board.emptyCount; i++) {
      const cell = board.empties[i]!;
      const point = board.geometry.pointOf[cell]!;
      if (isOwnEye(board, cell, toMove) || !this.#scratch.isLegal(point)) continue;
      this.#clearNode(this.#nodeCount++, point);
    }
    // Shuffled, since unvisited children are taken in order. The pass comes last.
    for (let i = this.#nodeCount - 1; i > first; i--) {
      const j = first + rng.int(i - first + 1);
      const move = this.#move[i]!;
      this.#move[i] = this.#move[j]!;
      this.#move[j] = move;
    }
    this.#clearNode(this.#nodeCount++, actionCount - 1);
    this.#firstChild[node] = first;
    this.#childCount[node] = this.#nodeCount - first;
  }

  #select(node: number): number {
    const first = this.#firstChild[node]!;
    const end = first + this.#childCount[node]!;
    const logN = Math.log(this.#visits[node]! + 1) * this.#exploration * this.#exploration;
    let best = first;
    let bestValue = -Infinity;
    for (let child = first; child < end; child++) {
      const n = this.#visits[child]!;
      if (n === 0) return child;
      const value = this.#wins[child]! / n + Math.sqrt(logN / n);
      if (value > bestValue) {
        best = child;
        bestValue = value;
      }
    }
    return best;
  }

  /** Plays the scratch position to its end at random; returns the score. Only the immediate ko is observed. */
  #playout(from: Position, rng: Rng): number {
    const board = this.#board;
    from.copyBoardInto(board);
    let color = from.toMove;
    let passes = 0;
    for (let left = 3 * board.geometry.points; left > 0 && passes < 2; left--) {
      const cell = randomCell(board, color, rng);
      if (cell === 0) {
        board.ko = 0;
        passes++;
      } else {
        board.place(cell, color);
        passes = 0;
      }
      color = opponent(color);
    }
    return areaScore(board) - from.rules.komi;
  }

  #mostVisited(node: number): number {
    let best = this.#firstChild[node]!;
    for (let i = 1; i < this.#childCount[node]!; i++) {
      const child = this.#firstChild[node]! + i;
      if (this.#visits[child]! > this.#visits[best]!) best = child;
    }
    return best;
  }

  #clearNode(node: number, move: number): void {
    if (node >= this.#move.length) this.#grow();
    this.#move[node] = move;
    this.#visits[node] = 0;
    this.#wins[node] = 0;
    this.#firstChild[node] = 0;
    this.#childCount[node] = 0;
  }

  #reserve(position: Position): void {
    if (this.#scratch.size === position.size) return;
    this.#scratch = position.clone();
    this.#board = new Board(position.size);
  }

  #grow(): void {
    const length = Math.max(1 << 15, 2 * this.#move.length);
    const grown = <T extends { set(old: T): void }>(fresh: T, old: T): T => {
      fresh.set(old);
      return fresh;
    };
    this.#move = grown(new Int16Array(length), this.#move);
    this.#visits = grown(new Int32Array(length), this.#visits);
    this.#wins = grown(new Float64Array(length), this.#wins);
    this.#firstChild = grown(new Int32Array(length), this.#firstChild);
    this.#childCount = grown(new Int16Array(length), this.#childCount);
  }
}

/** 1, 0.5 or 0 as a score (Black's) wins, draws or loses for `color`. */
function winFor(score: number, color: Color): number {
  if (score === 0) return 0.5;
  return score > 0 === (color === BLACK) ? 1 : 0;
}

/** A random cell where `color` may play without filling an own eye, or 0. */
function randomCell(board: Board, color: Color, rng: Rng): number {
  const count = board.emptyCount;
  if (count === 0) return 0;
  const start = rng.int(count);
  for (let i = 0; i < count; i++) {
    const cell = board.empties[start + i < count ? start + i : start + i - count]!;
    if (board.verdict(cell, color) === LEGAL && !isOwnEye(board, cell, color)) return cell;
  }
  return 0;
}
