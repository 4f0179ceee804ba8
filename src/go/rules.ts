/**
 * The rules that differ between games. Scoring is always by area; a game always ends with two passes in a row.
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

/** See `koRules`. */
export type KoRule = (typeof koRules)[number];

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

/** @throws AppError 'invalid-argument' unless komi is a multiple of 0.5 within ±size² and the ko rule is known */
export function checkRules(rules: Rules, size: number): void {
  const { ko, komi } = rules;
  check(koRules.includes(ko), () => `ko rule is '${ko}'; it must be one of ${koRules.join(', ')}`);
  check(
    Number.isInteger(komi * 2) && Math.abs(komi) <= size * size,
    () => `komi is ${komi}; on size ${size} it must be a multiple of 0.5 from ${-size * size} to ${size * size}`,
  );
}
