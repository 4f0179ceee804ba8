/**
 * What a model thought of the positions of a game, as they were looked at. A position is known by the turn that led to
 * it (or by the setup before the first one): turns are kept when a line goes on, and made anew when it takes another way,
 * so a judgement is forgotten together with its turn.
 */

import type { Opinion } from '../../../src/player/opinion.js';
import { BLACK } from '../../../src/go/color.js';
import { toMoveAt, type Line } from './line.js';
import { blackWinRate } from './verdict.js';

/** Of one position. */
export interface Judgement {
  /** Black's chance, 0 to 1. */
  readonly winRate: number;
  /** Points that Black is expected to win by, komi included. */
  readonly score: number;
  readonly visits: number;
}

/** One model's, by one set of rules. */
export class Judgements {
  readonly #byTurn = new WeakMap<object, Judgement>();

  /** Remembers an opinion of the position shown, unless one of more visits is there already. */
  note(line: Line, { value, score, visits }: Opinion): void {
    const known = this.at(line, line.ply);
    if (known && known.visits > visits) return;
    const toMove = toMoveAt(line, line.ply);
    const winRate = blackWinRate(value, toMove);
    this.#byTurn.set(keyAt(line, line.ply), { winRate, score: toMove === BLACK ? score : -score, visits });
  }

  /** Of the position after `ply` moves, if it was looked at. */
  at(line: Line, ply: number): Judgement | undefined {
    return this.#byTurn.get(keyAt(line, ply));
  }

  /** Of all positions of the game, by ply: [moves + 1]. */
  of(line: Line): readonly (Judgement | undefined)[] {
    return Array.from({ length: line.turns.length + 1 }, (_, ply) => this.at(line, ply));
  }
}

function keyAt({ setup, turns }: Line, ply: number): object {
  return turns[ply - 1] ?? setup;
}
