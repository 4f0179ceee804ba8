/**
 * The game that somebody sets up to play or to analyse: unlike a game between two players it may repeat colors, start
 * from placed stones, go on after two passes, and be taken back move by move.
 */

import { AppError } from '../core/errors.js';
import { BLACK, type Color } from '../go/color.js';
import { Position } from '../go/position.js';
import { checkRules, type Rules } from '../go/rules.js';
import { setUpPosition, type SgfMove, type SgfSetup } from '../go/sgf/game.js';

/** One move as it was sent, or as a file has it. */
export type Turn = SgfMove;

/** Stones on the board before the first move. */
export type Setup = SgfSetup;

/** A whole game. */
export interface GameSoFar {
  readonly size: number;
  readonly rules: Rules;
  readonly setup: Setup;
  readonly turns: readonly Turn[];
}

const noSetup: Setup = { black: [], white: [], toMove: BLACK };

/** Board, rules and moves. `position` is always the one after the last turn; whoever wants to change it clones it. */
export class GameState {
  #rules: Rules;
  #size: number;
  #setup = noSetup;
  #turns: Turn[] = [];
  #position: Position;
  /** Changes whenever the position changes other than by one more move, so that a search tree knows when it is stale. */
  #epoch = 0;

  constructor(size: number, rules: Rules) {
    this.#size = size;
    this.#rules = rules;
    this.#position = new Position(size, rules);
  }

  get size(): number {
    return this.#size;
  }
  get rules(): Rules {
    return this.#rules;
  }
  get position(): Position {
    return this.#position;
  }
  get setup(): Setup {
    return this.#setup;
  }
  get turns(): readonly Turn[] {
    return this.#turns;
  }
  get epoch(): number {
    return this.#epoch;
  }
  /** Whether there is nothing on the board and nothing was played. */
  get isFresh(): boolean {
    return this.#turns.length === 0 && this.#setup.black.length + this.#setup.white.length === 0;
  }
  /** The last move was a pass. */
  get lastWasPass(): boolean {
    return this.#turns.at(-1)?.action === this.#size * this.#size;
  }

  /** An empty board of `size`, which must be known to be allowed. Komi beyond the new board's range is cut to it. */
  reset(size = this.#size): void {
    const limit = size * size;
    this.#rules = { ...this.#rules, komi: Math.max(-limit, Math.min(limit, this.#rules.komi)) };
    this.#size = size;
    this.#setup = noSetup;
    this.#turns = [];
    this.#rebuild();
  }

  /** @throws AppError 'invalid-argument' for komi out of range */
  setRules(rules: Rules): void {
    checkRules(rules, this.#size);
    const keys = Object.keys({ ...rules, ...this.#rules }) as (keyof Rules)[];
    if (keys.every((key) => rules[key] === this.#rules[key])) return;
    this.#rules = rules;
    this.#rebuild();
  }

  /** Puts stones on a fresh board. @throws AppError 'invalid-argument' if they cannot stand there */
  setUp(setup: Setup): void {
    this.#setup = setup;
    this.#turns = [];
    this.#rebuild();
  }

  /** Takes over a whole game. @throws AppError 'invalid-argument' for one that cannot be; nothing has changed then */
  load({ size, rules, setup, turns }: GameSoFar): void {
    const position = playedOut({ size, rules, setup, turns });
    this.#size = size;
    this.#rules = rules;
    this.#setup = setup;
    this.#turns = [...turns];
    this.#position = position;
    this.#epoch++;
  }

  /**
   * Plays a move that comes from outside, whose rules may differ from ours (`Position.playFreely`).
   *
   * @throws AppError 'invalid-argument' for a move that no rules allow
   */
  play(color: Color, action: number): void {
    const position = this.#position;
    if (position.toMove !== color || position.isOver) this.#epoch++;
    try {
      position.playFreely(color, action);
    } catch (error) {
      this.#rebuild();
      throw new AppError('invalid-argument', 'illegal move', { cause: error });
    }
    this.#turns.push({ color, action });
  }

  /** Takes back moves. @throws AppError 'invalid-argument' where fewer were played */
  undo(moves = 1): void {
    if (moves > this.#turns.length) throw new AppError('invalid-argument', 'cannot undo');
    this.#turns.length -= moves;
    this.#rebuild();
  }

  /** The position with `color` to move, to search or to score: a copy that the caller owns, never over. */
  positionFor(color: Color): Position {
    const position = this.#position.clone();
    position.setToMove(color);
    if (position.isOver) position.reopen();
    return position;
  }

  #rebuild(): void {
    this.#epoch++;
    this.#position = playedOut({ size: this.#size, rules: this.#rules, setup: this.#setup, turns: this.#turns });
  }
}

function playedOut({ size, rules, setup, turns }: GameSoFar): Position {
  const position = setUpPosition(size, rules, setup);
  for (const { color, action } of turns) position.playFreely(color, action);
  return position;
}
