/** What the moves of a game were worth, by what a search thinks of the positions before and after each of them. */

import { BLACK, type Color } from '../../go/color.js';
import type { SgfMove } from '../../go/sgf/game.js';
import { toWinrate, type Candidate, type Opinion } from '../opinion.js';

/** How bad a move is, the worst last. */
export const mistakeKinds = ['good', 'inaccuracy', 'mistake', 'blunder'] as const;
export type MistakeKind = (typeof mistakeKinds)[number];

/** Points lost from which a move is of each kind. */
const leastLost: Readonly<Record<MistakeKind, number>> = { good: -Infinity, inaccuracy: 1.5, mistake: 3, blunder: 6 };

/** What is thought of a position, as Black sees it. */
export interface Standing {
  /** Black's chance to win, 0 to 1; a draw counts half. */
  readonly winRate: number;
  /** Points by which Black leads, komi included. */
  readonly lead: number;
}

/** One move of the game. */
export interface ReviewedMove extends SgfMove {
  /** From 1. */
  readonly number: number;
  readonly before: Standing;
  readonly after: Standing;
  /** Points that the player lost by it; what a search of few visits cannot tell from noise may be below 0. */
  readonly pointsLost: number;
  readonly kind: MistakeKind;
  /** What the search would have played, and its line; undefined where it would have played the same. */
  readonly better: Pick<Candidate, 'action' | 'line'> | undefined;
}

/** The mistakes of one player. */
export interface PlayerReview {
  readonly moves: number;
  /** Mean points lost a move, gains counted as nothing. */
  readonly meanPointsLost: number;
  readonly counts: Readonly<Record<MistakeKind, number>>;
}

/** Black's view of an opinion. */
export function standingOf(opinion: Opinion, toMove: Color): Standing {
  const sign = toMove === BLACK ? 1 : -1;
  return { winRate: toWinrate(sign * opinion.value), lead: sign * opinion.lead };
}

/**
 * One move, by the searches of the positions before and after it.
 *
 * @param number from 1
 * @param before of the player who made the move
 * @param after of the position after it, as Black sees it
 */
export function reviewMove(move: SgfMove, number: number, before: Opinion, after: Standing): ReviewedMove {
  const { color, action } = move;
  const sign = color === BLACK ? 1 : -1;
  const standing = standingOf(before, color);
  const pointsLost = sign * (standing.lead - after.lead);
  const [best] = before.candidates;
  const same = best === undefined || best.action === action || best.isSymmetryOf === action;
  const kind = same ? 'good' : (mistakeKinds.findLast((name) => pointsLost >= leastLost[name]) ?? 'good');
  return { ...move, number, before: standing, after, pointsLost, kind, better: same ? undefined : best };
}

/** What one player did. */
export function reviewPlayer(moves: readonly ReviewedMove[], color: Color): PlayerReview {
  const own = moves.filter((move) => move.color === color);
  const lost = own.reduce((sum, { pointsLost }) => sum + Math.max(0, pointsLost), 0);
  const count = (kind: MistakeKind): number => own.filter((move) => move.kind === kind).length;
  return {
    moves: own.length,
    meanPointsLost: own.length === 0 ? 0 : lost / own.length,
    counts: {
      good: count('good'),
      inaccuracy: count('inaccuracy'),
      mistake: count('mistake'),
      blunder: count('blunder'),
    },
  };
}
