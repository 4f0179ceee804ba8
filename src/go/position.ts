/**
 * A game of Go in progress: the board, whose turn it is, and the history that the ko rules need. Satisfies the
 * search's `Game`. Actions are points `row * size + column` from the top-left, and size² to pass.
 *
 * Repetition, exactly (see `koRules` for the words):
 * - The start position, with handicap stones if any, counts as having been on the board.
 * - Passing is always legal and never repeats anything, but under situational superko the position after it, with the
 *   other player to move, counts as having been there.
 * - Two positions are the same if their 64-bit Zobrist hashes are; a false match has odds of about 2⁻⁶⁴ a comparison.
 * - Under every rule the stone that just took a single stone in a ko may not be taken back at once. Superko implies it.
 * - `setToMove` gives up the immediate ko and starts the situation anew.
 */

import { AppError, assert, check } from '../core/errors.js';
import { areaInto } from './area.js';
import { Board } from './board.js';
import { capturedBy } from './captured.js';
import { BLACK, opponent, type Color, type Stone } from './color.js';
import { boardScore, boardWithout } from './final-score.js';
import { History } from './history.js';
import type { ReadonlyBoard } from './readonly-board.js';
import { handicapBonus, type Rules } from './rules.js';
import { LAST_MOVES, type Snapshot } from './snapshot.js';
import {
  CHAIN_SUICIDE,
  illegalReasons,
  type IllegalReason,
  KO,
  LEGAL,
  OCCUPIED,
  OFF_BOARD,
  OVER,
  SUICIDE,
  SUPERKO,
} from './verdicts.js';
import { formatVertex } from './vertex.js';

/** Mixed into the history's hashes under situational superko when White is to move. */
const WHITE_TO_MOVE = 0x5bd1_e995;

const scratchHash = new Int32Array(2);

/** One game, changed in place by `play`. */
export class Position {
  readonly size: number;
  /** Number of actions, size² + 1; the last one passes. */
  readonly actionCount: number;
  readonly #board: Board;
  readonly #history = new History();
  #rules: Rules;
  #toMove: Color = BLACK;
  #passes = 0;
  /** Moves before this index are not part of the alternating sequence that ends now. */
  #streakStart = 0;
  /** Stones that Black has played or set up, less White's. */
  #played = 0;
  /** Stones set up before the first move. */
  #setUpBlack = 0;
  #setUpWhite = 0;

  /** An empty board, Black to move. @param size points on a side, 1 to 19 */
  constructor(size: number, rules: Rules) {
    this.size = size;
    this.actionCount = size * size + 1;
    this.#board = new Board(size);
    this.#rules = rules;
    this.#history.push(this.#situationLow(BLACK, 0), 0, -1);
  }

  get rules(): Rules {
    return this.#rules;
  }

  /** The stones and chains now; a view that goes on with the game. `copyBoardInto` makes a board to change. */
  get board(): ReadonlyBoard {
    return this.#board;
  }

  get toMove(): Color {
    return this.#toMove;
  }

  /** Moves played, passes included, setup stones not. */
  get moveCount(): number {
    return this.#history.length - 1;
  }

  /** The moves played, oldest first; a new array each time. */
  get moves(): number[] {
    return Array.from({ length: this.moveCount }, (_, i) => this.#history.moveAt(i + 1));
  }

  /** The latest moves, newest first, at most 5, as far back as the colors alternate; a new array each time. */
  get lastMoves(): number[] {
    const count = Math.min(LAST_MOVES, this.moveCount - this.#streakStart);
    const moves: number[] = [];
    for (let i = 0; i < count; i++) moves.push(this.#history.moveAt(this.#history.length - 1 - i));
    return moves;
  }

  /** Passes since the last move that was none. */
  get passes(): number {
    return this.#passes;
  }

  /** Whether the last two moves were passes. */
  get isOver(): boolean {
    return this.#passes >= 2;
  }

  /** The Zobrist hash of stones and side to move, as two signed 32-bit words. */
  get hashLow(): number {
    return this.#board.hashLow ^ (this.#toMove === BLACK ? 0 : WHITE_TO_MOVE);
  }
  get hashHigh(): number {
    return this.#board.hashHigh;
  }

  /** What stands on a point. */
  stoneAt(point: number): Stone {
    return this.#board.stones[this.#board.geometry.cellOf[point]!] as Stone;
  }

  /**
   * Writes 1 for every legal action and 0 for the others into `out` [size² + 1]; returns how many are legal. A pass is
   * legal until the game is over; then nothing is.
   */
  legal(out: Uint8Array): number {
    out.fill(0, 0, this.actionCount);
    if (this.isOver) return 0;
    const { empties, emptyCount, geometry } = this.#board;
    let count = 1;
    for (let i = 0; i < emptyCount; i++) {
      const cell = empties[i]!;
      if (this.#verdict(cell) === LEGAL) {
        out[geometry.pointOf[cell]!] = 1;
        count++;
      }
    }
    out[this.actionCount - 1] = 1;
    return count;
  }

  /** Whether `action` is legal now. */
  isLegal(action: number): boolean {
    return this.#actionVerdict(action) === LEGAL;
  }

  /** Plays `action` if it is legal; otherwise changes nothing and says why not. */
  tryPlay(action: number): { readonly illegal: IllegalReason } | undefined {
    const verdict = this.#actionVerdict(action);
    if (verdict !== LEGAL) return { illegal: illegalReasons[verdict]! };
    this.#playLegal(action);
    return undefined;
  }

  /** @throws AppError 'invalid-argument' if `action` is illegal; the position is unchanged then */
  play(action: number): void {
    const refused = this.tryPlay(action);
    if (refused === undefined) return;
    const vertex = refused.illegal === 'off-board' ? String(action) : formatVertex(action, this.size);
    throw new AppError('invalid-argument', `Move ${this.moveCount + 1}, ${vertex}, is illegal: ${refused.illegal}`);
  }

  /**
   * Plays a move that was made elsewhere, under rules that may differ from these: `color` may move twice, go on after two passes,
   * take back a ko, repeat a position, and remove its own chain.
   *
   * @throws AppError 'invalid-argument' if no rules allow it: the point is taken, off the board, or the stone would remove only
   * itself; nothing changes then but whose turn it is
   */
  playFreely(color: Color, action: number): void {
    if (this.isOver) this.reopen();
    this.setToMove(color);
    const verdict = this.#actionVerdict(action);
    if (verdict === KO || verdict === SUPERKO || this.#removesItsChain(action)) this.#playLegal(action);
    else this.play(action);
  }

  /** Points that White has beside komi; see `Snapshot`. */
  get bonus(): number {
    const { scoring = 'area', whiteHandicapBonus = '0' } = this.#rules;
    return (
      (scoring === 'territory' ? this.#played : 0) +
      handicapBonus(whiteHandicapBonus, this.#setUpBlack, this.#setUpWhite)
    );
  }

  /** Black's points minus White's minus komi, taking every stone on the board as alive. */
  score(): number {
    return this.#scoreOf(this.#board);
  }

  /**
   * The score once dead stones are off the board. Under territory scoring they are prisoners: the score counts area less
   * the stones that each player has played, and every stone played is then a point of area or a prisoner.
   *
   * @param dead points of whole chains
   */
  scoreWithout(dead: readonly number[]): number {
    return this.#scoreOf(boardWithout(this.#board, dead));
  }

  #scoreOf(board: Board): number {
    return boardScore(board, this.#rules.tax ?? 'none') - this.#rules.komi - this.bonus;
  }

  /** Writes the owner of every point into `out` [size²]: 1 black, −1 white, 0 nobody; every stone taken as alive. */
  areaInto(out: Int8Array): void {
    areaInto(this.#board, out);
  }

  /** 1, 0 or −1 as the player to move wins, draws or loses by `score()`. */
  terminalValue(): number {
    const sign = Math.sign(this.score());
    return (this.#toMove === BLACK ? sign : -sign) || 0;
  }

  /** `terminalValue()` for the player to move if it passes now; undefined unless that ends the game. */
  endingValue(): number | undefined {
    return this.#passes === 1 ? this.terminalValue() : undefined;
  }

  /** An independent copy. */
  clone(): this {
    const copy = new Position(this.size, this.#rules);
    copy.copyFrom(this);
    return copy as this;
  }

  /** Becomes a copy of `other`, a position of the same size; allocates nothing once the history fits. */
  copyFrom(other: Position): void {
    assert(this.size === other.size, () => `copying a position of size ${other.size} into one of size ${this.size}`);
    this.#board.copyFrom(other.#board);
    this.#history.copyFrom(other.#history);
    this.#rules = other.#rules;
    this.#toMove = other.#toMove;
    this.#passes = other.#passes;
    this.#streakStart = other.#streakStart;
    this.#played = other.#played;
    this.#setUpBlack = other.#setUpBlack;
    this.#setUpWhite = other.#setUpWhite;
  }

  /** Makes `board`, one of the same size, a copy of this position's board; allocates nothing. */
  copyBoardInto(board: Board): void {
    board.copyFrom(this.#board);
  }

  /** Hands the turn to `color`, as GTP and SGF may; nothing happens if it has the turn already. */
  setToMove(color: Color): void {
    if (color === this.#toMove) return;
    this.#toMove = color;
    this.#board.ko = 0;
    this.#passes = 0;
    this.#streakStart = this.moveCount;
    this.#history.amend(this.#situationLow(color, this.#board.hashLow), this.#board.hashHigh);
  }

  /** Hides the moves so far from `lastMoves`, hence from networks; ko and repetition are as before. */
  forgetMoves(): void {
    this.#streakStart = this.moveCount;
  }

  /** Lets play go on after two passes, as players may when they disagree about dead stones. */
  reopen(): void {
    this.#passes = 0;
  }

  /** Changes komi in mid-game, as GTP may. */
  setKomi(komi: number): void {
    this.#rules = { ...this.#rules, komi };
  }

  /**
   * Puts handicap or setup stones on the board before the first move. Whose turn it is stays as it was.
   *
   * @throws AppError 'failed-precondition' after the first move, 'invalid-argument' if a point is taken or off the
   * board, or if a chain would have no liberty; the stones placed until then stay
   */
  placeStones(points: readonly number[], color: Color): void {
    if (this.moveCount > 0) {
      throw new AppError('failed-precondition', `Stones cannot be set up after ${this.moveCount} moves`);
    }
    const board = this.#board;
    for (const point of points) {
      const cell = board.geometry.cellOf[point];
      check(cell !== undefined, () => `Setup point ${point} is off a board of size ${this.size}`);
      const verdict = board.stones[cell] === 0 ? board.verdictWithoutCapture(cell, color) : OCCUPIED;
      check(verdict !== OCCUPIED, () => `Setup point ${formatVertex(point, this.size)} is already taken`);
      check(
        verdict === LEGAL,
        () => `A setup stone at ${formatVertex(point, this.size)} leaves a chain without liberty`,
      );
      board.place(cell, color);
      this.#played += color === BLACK ? 1 : -1;
      if (color === BLACK) this.#setUpBlack++;
      else this.#setUpWhite++;
    }
    board.ko = 0;
    this.#history.amend(this.#situationLow(this.#toMove, board.hashLow), board.hashHigh);
  }

  /**
   * What a network needs to know of this position; shares nothing with it but the rules.
   *
   * @param stones [size²] is filled and becomes part of the result, which is then valid until its next use
   */
  snapshot(stones = new Uint8Array(this.actionCount - 1)): Snapshot {
    const { geometry, stones: cells } = this.#board;
    const { cellOf } = geometry;
    for (let point = 0; point < stones.length; point++) stones[point] = cells[cellOf[point]!]!;
    const lastMoves = this.lastMoves;
    return {
      size: this.size,
      stones,
      toMove: this.#toMove,
      rules: this.#rules,
      lastMoves,
      banned: this.banned,
      captured: capturedBy(this.#board, 0, lastMoves),
      capturedBefore: capturedBy(this.#board, 1, lastMoves),
      bonus: this.bonus,
    };
  }

  /** Empty points that the player to move may not play because of ko or superko. */
  get banned(): number[] {
    const { ko, empties, emptyCount, hasRemoved, geometry } = this.#board;
    if (!hasRemoved && !this.#rules.suicide) return [];
    if (this.#rules.ko === 'simple') return ko === 0 ? [] : [geometry.pointOf[ko]!];
    const banned: number[] = [];
    for (let i = 0; i < emptyCount; i++) {
      const verdict = this.#verdict(empties[i]!);
      if (verdict === KO || verdict === SUPERKO) banned.push(geometry.pointOf[empties[i]!]!);
    }
    return banned.sort((a, b) => a - b);
  }

  #actionVerdict(action: number): number {
    if (!Number.isInteger(action) || action < 0 || action >= this.actionCount) return OFF_BOARD;
    if (this.isOver) return OVER;
    return action === this.actionCount - 1 ? LEGAL : this.#verdict(this.#board.geometry.cellOf[action]!);
  }

  #verdict(cell: number): number {
    const board = this.#board;
    const toMove = this.#toMove;
    const verdict = board.verdict(cell, toMove);
    if (verdict === CHAIN_SUICIDE) {
      if (!this.#rules.suicide) return SUICIDE;
    } else if (verdict !== LEGAL || !board.hasRemoved || (board.removed[cell]! & toMove) === 0) {
      // A stone that stays can repeat a position only where one of its color was taken off before.
      return verdict;
    }
    if (this.#rules.ko === 'simple') return LEGAL;
    board.hashAfter(cell, toMove, scratchHash);
    const low = this.#situationLow(opponent(toMove), scratchHash[0]!);
    return this.#history.has(low, scratchHash[1]!) ? SUPERKO : LEGAL;
  }

  #removesItsChain(action: number): boolean {
    const cell = this.#board.geometry.cellOf[action];
    return cell !== undefined && this.#board.verdict(cell, this.#toMove) === CHAIN_SUICIDE;
  }

  #playLegal(action: number): void {
    const board = this.#board;
    if (action === this.actionCount - 1) {
      board.pass();
      this.#passes++;
    } else {
      board.place(board.geometry.cellOf[action]!, this.#toMove);
      this.#passes = 0;
      this.#played += this.#toMove === BLACK ? 1 : -1;
    }
    this.#toMove = opponent(this.#toMove);
    this.#history.push(this.#situationLow(this.#toMove, board.hashLow), board.hashHigh, action);
  }

  /** The low hash word that the history keeps: under situational superko it tells the side to move. */
  #situationLow(toMove: Color, boardLow: number): number {
    return this.#rules.ko === 'situational' && toMove !== BLACK ? boardLow ^ WHITE_TO_MOVE : boardLow;
  }
}
