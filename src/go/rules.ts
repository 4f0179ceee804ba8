/**
 * The rules that differ between games. A game always ends with two passes in a row; the position then is scored as it
 * stands, or without the stones that the players, or a network, call dead (`final-score.ts`).
 *
 * Not played here: Spight's ko rule, the button of AGA button go, and the second phase in which KataGo lets players of
 * territory rules show what is dead (the "encore"). Under territory scoring a game that ends with dead stones on the
 * board has to be scored with them named.
 */

import { check } from '../core/errors.js';

/** Smallest and largest board that a game may have. */
export const MIN_SIZE = 2;
export const MAX_SIZE = 19;

/**
 * Which repetitions a play may not make; passing is always allowed.
 * - `simple`: taking back, at once, the one stone that has just taken one stone.
 * - `positional`: any whole-board position that was on the board before.
 * - `situational`: any whole-board position that was on the board before with the same player to move.
 */
export const koRules = ['simple', 'positional', 'situational'] as const;

export type KoRule = (typeof koRules)[number];

/**
 * What counts as points.
 * - `area`: stones on the board and the empty points that they alone surround.
 * - `territory`: surrounded points and prisoners. Counted as area less the stones that each player has played, which is
 *   the same number: every stone played is on the board or a prisoner.
 */
export const scorings = ['area', 'territory'] as const;

/** See `scorings`. */
export type Scoring = (typeof scorings)[number];

/**
 * Which surrounded points do not count (KataGo's word for it is tax).
 * - `none`: all count.
 * - `seki`: those of chains that live only because neither side can play there do not.
 * - `all`: nor do two points of every living group, as in old Chinese stone scoring.
 */
export const taxes = ['none', 'seki', 'all'] as const;

export type Tax = (typeof taxes)[number];

/** What White gets for handicap stones that were set up: nothing, a point for each, a point for each but one. */
export const handicapBonuses = ['0', 'N', 'N-1'] as const;

/** See `handicapBonuses`. */
export type HandicapBonus = (typeof handicapBonuses)[number];

/** The rules of one game. */
export interface Rules {
  readonly ko: KoRule;
  /**
   * Whether a play may remove the player's own chain. A single stone that would remove only itself is illegal in any
   * case: it would be a pass that is not called one.
   */
  readonly suicide: boolean;
  /** Points added to White's score, a multiple of 0.5. */
  readonly komi: number;
  /** `area` if absent. */
  readonly scoring?: Scoring;
  /** `none` if absent, also under territory scoring. */
  readonly tax?: Tax;
  /** `0` if absent. */
  readonly whiteHandicapBonus?: HandicapBonus;
  /**
   * Whether both players pass once they agree on what is dead, without taking it first. The rules of play are the same;
   * networks with KataGo's features are told by it that a second pass need not settle the game. No if absent.
   */
  readonly friendlyPassOk?: boolean;
}

/**
 * Positional superko, no suicide, and a komi that makes an even game between players of any strength: the known values
 * of perfect play for 6×6 (4) and 7×7 (9), and 7.5 from 9×9 up. On 5×5 and below perfect play can give Black every
 * point, so no komi is fair; 0.5 lets both sides win while they learn and leaves no draws.
 */
export function defaultRules(size: number): Rules {
  const komi = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 4, 9, 8.5][size] ?? 7.5;
  return { ko: 'positional', suicide: false, komi };
}

/** @throws AppError 'invalid-argument' unless `size` is a whole number from 2 to 19 */
export function checkSize(size: number): void {
  check(
    Number.isInteger(size) && size >= MIN_SIZE && size <= MAX_SIZE,
    () => `size is ${size}; it must be a whole number from ${MIN_SIZE} to ${MAX_SIZE}`,
  );
}

/** @throws AppError 'invalid-argument' unless komi is a multiple of 0.5 within ±size² and every rule is a known one */
export function checkRules(rules: Rules, size: number): void {
  const { ko, komi, scoring = 'area', tax = 'none', whiteHandicapBonus = '0' } = rules;
  checkOneOf('ko rule', ko, koRules);
  checkOneOf('scoring', scoring, scorings);
  checkOneOf('tax', tax, taxes);
  checkOneOf('white handicap bonus', whiteHandicapBonus, handicapBonuses);
  check(
    Number.isInteger(komi * 2) && Math.abs(komi) <= size * size,
    () => `komi is ${komi}; on size ${size} it must be a multiple of 0.5 from ${-size * size} to ${size * size}`,
  );
}

function checkOneOf(name: string, value: string, allowed: readonly string[]): void {
  check(allowed.includes(value), () => `${name} is '${value}'; it must be one of ${allowed.join(', ')}`);
}

/** Points that White gets for stones set up before the first move: handicap if only Black was given any, and more than one. */
export function handicapBonus(rule: HandicapBonus, black: number, white: number): number {
  if (rule === '0' || white > 0 || black < 2) return 0;
  return rule === 'N' ? black : black - 1;
}
