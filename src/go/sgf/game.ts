/** A game as a file tells it. */

import type { Color } from '../color.js';
import { BLACK, WHITE } from '../color.js';
import { Position } from '../position.js';
import { checkRules, type Rules } from '../rules.js';
import { present } from './present.js';

/** One move; colors need not alternate. */
export interface SgfMove {
  readonly color: Color;
  /** A point, or size² for a pass. */
  readonly action: number;
  readonly comment?: string;
}

/** Stones and turn from which the moves go on. */
export interface SgfSetup {
  readonly black: readonly number[];
  readonly white: readonly number[];
  /** Who is to move after the setup. */
  readonly toMove: Color;
}

/** The main line of an SGF file. What the file does not say is absent. */
export interface SgfGame extends SgfSetup, Partial<Rules> {
  readonly size: number;
  readonly moves: readonly SgfMove[];
  readonly handicap?: number;
  readonly blackName?: string;
  readonly whiteName?: string;
  /** As in SGF: 'B+3.5', 'W+R', '0' for a draw, 'Void', '?'. */
  readonly result?: string;
  readonly gameName?: string;
  /** Comment of the root. */
  readonly comment?: string;
}

/** What a file that names its rules means where it says no more: nothing of it comes from the game before. */
const unsaid = { scoring: 'area', tax: 'none', whiteHandicapBonus: '0', friendlyPassOk: false } as const;

/** The rules of a game: those of the file, and what it leaves open from `defaults`. */
export function rulesOf(game: SgfGame, defaults: Rules): Rules {
  const { komi, ko, suicide, scoring, tax, whiteHandicapBonus, friendlyPassOk } = game;
  const said = present({ komi, ko, suicide, scoring, tax, whiteHandicapBonus, friendlyPassOk });
  return { ...defaults, ...(ko !== undefined && unsaid), ...said };
}

/** The position after the setup. @throws AppError 'invalid-argument' for rules that this board does not take */
export function setUpPosition(size: number, rules: Rules, { black, white, toMove }: SgfSetup): Position {
  checkRules(rules, size);
  const position = new Position(size, rules);
  position.placeStones(black, BLACK);
  position.placeStones(white, WHITE);
  position.setToMove(toMove);
  return position;
}

/**
 * The position after the first `moveCount` moves of a game (all by default), under the file's rules and, where it says
 * nothing, `defaults`.
 *
 * @throws AppError 'invalid-argument' if a setup stone or a move has no meaning
 */
export function sgfPosition(game: SgfGame, defaults: Rules, moveCount = game.moves.length): Position {
  const position = setUpPosition(game.size, rulesOf(game, defaults), game);
  for (const { color, action } of game.moves.slice(0, moveCount)) position.playFreely(color, action);
  return position;
}
