/** The game on the board: a line of moves and a place in it. Values; every change makes a new one. */

import type { Setup, Turn } from '../../../src/player/game-state.js';
import { AppError } from '../../../src/core/errors.js';
import { BLACK, WHITE, opponent, type Color } from '../../../src/go/color.js';
import type { GameRecord } from '../../../src/go/game-record.js';
import { Position } from '../../../src/go/position.js';
import type { IllegalReason } from '../../../src/go/verdicts.js';
import { checkRules, defaultRules, type Rules } from '../../../src/go/rules.js';
import { decodeSgf } from '../../../src/go/sgf/encoding.js';
import { setUpPosition } from '../../../src/go/sgf/game.js';
import { parseSgf } from '../../../src/go/sgf/read.js';
import { checkSgfLength, formatSgfTree } from '../../../src/go/sgf/tree.js';
import { sgfTree } from '../../../src/go/sgf/write.js';

/** A game, and how far it is shown. */
export interface Line {
  readonly size: number;
  readonly rules: Rules;
  readonly setup: Setup;
  readonly turns: readonly Turn[];
  /** Moves before the position that is shown, 0 to `turns.length`. */
  readonly ply: number;
}

/** An empty board. @param komi the fair one if left out */
export function emptyLine(size: number, komi?: number): Line {
  const rules = { ...defaultRules(size), ...(komi !== undefined && { komi }) };
  checkRules(rules, size);
  return { size, rules, setup: { black: [], white: [], toMove: BLACK }, turns: [], ply: 0 };
}

/** The position after the first `ply` moves, those shown if left out. */
export function positionAt(line: Line, ply = line.ply): Position {
  const { size, rules, setup, turns } = line;
  const position = setUpPosition(size, rules, setup);
  for (const { color, action } of turns.slice(0, ply)) {
    position.reopen();
    position.playFreely(color, action);
  }
  return position;
}

/** Shows another place of the game. */
export function goTo(line: Line, ply: number): Line {
  return { ...line, ply: Math.max(0, Math.min(line.turns.length, ply)) };
}

/** Plays on from the place shown; what came after is given up, unless it begins with the same move. */
export function play(line: Line, action: number): Line | { readonly illegal: IllegalReason } {
  const position = positionAt(line);
  const color = position.toMove;
  const refused = position.tryPlay(action);
  if (refused) return refused;
  const { ply, turns } = line;
  const next = turns[ply];
  const isSame = next?.action === action && next.color === color;
  return { ...line, ply: ply + 1, turns: isSame ? turns : [...turns.slice(0, ply), { color, action }] };
}

/** Takes back the last move shown, and what came after it. */
export function undo(line: Line): Line {
  const ply = Math.max(0, line.ply - 1);
  return { ...line, ply, turns: line.turns.slice(0, ply) };
}

/** The same as `lineFromSgf` for a file that may be too large to be read. */
export async function lineFromFile(file: Blob): Promise<Line> {
  checkSgfLength(file.size, 'bytes');
  return lineFromSgf(decodeSgf(new Uint8Array(await file.arrayBuffer())).text);
}

/** The main line of an SGF file, shown at its end. @throws AppError 'invalid-argument' saying what is wrong with it */
export function lineFromSgf(text: string): Line {
  const game = parseSgf(text);
  const { size, black, white, toMove, moves } = game;
  const rules = { ...defaultRules(size), ...pick(game) };
  checkRules(rules, size);
  return { size, rules, setup: { black, white, toMove }, turns: moves, ply: moves.length };
}

/** The first moves of a stored game, or all of them. */
export function lineFromRecord({ size, rules, moves }: GameRecord, ply = moves.length): Line {
  const turns = moves.map((action, i): Turn => ({ color: i % 2 === 0 ? BLACK : WHITE, action }));
  return { ...emptyLine(size), rules, turns, ply };
}

/** The whole game as SGF. */
export function lineToSgf({ size, rules, setup, turns }: Line): string {
  return formatSgfTree(sgfTree({ size, ...rules, ...setup, moves: turns }));
}

/** Who is to move after `ply` moves. */
export function toMoveAt({ setup, turns }: Line, ply: number): Color {
  const last = turns[ply - 1];
  return last ? opponent(last.color) : setup.toMove;
}

/** What is played by; counted by area in any case, as few networks know anything else. */
function pick({ komi, ko, suicide }: Partial<Rules>): Partial<Rules> {
  return { ...(komi !== undefined && { komi }), ...(ko && { ko }), ...(suicide !== undefined && { suicide }) };
}

/** Asserts that a move that was found by search can be played. */
export function played(line: Line, action: number): Line {
  const next = play(line, action);
  if ('illegal' in next) throw new AppError('internal', `The search chose an illegal move: ${next.illegal}`);
  return next;
}
