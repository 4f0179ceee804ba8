/** A game as a message → the game: everything is checked here, as the game itself takes what it is given. */

import { AppError, check } from '../../core/errors.js';
import { BLACK, colorName, type Color } from '../../go/color.js';
import { checkRules, checkSize, defaultRules } from '../../go/rules.js';
import { formatVertex } from '../../go/vertex.js';
import { GameState } from '../../player/game-state.js';
import type { Move, NewGame } from '../../proto/tengen/v1/search.js';
import { colorFromWire, rulesFromWire } from '../../wire/rules.js';

/** Most moves of a game. */
const MOST_MOVES = 10_000;

/** @throws AppError 'invalid-argument' naming what is wrong */
export function setUpGame({ size, rules, black, white, toMove, moves }: NewGame): GameState {
  checkSize(size);
  const own = rules ? rulesFromWire(rules) : defaultRules(size);
  checkRules(own, size);
  const game = new GameState(size, own);
  checkStones('black', black, size);
  checkStones('white', white, size);
  game.setUp({ black, white, toMove: toMove === 0 ? BLACK : colorFromWire(toMove, 'to_move') });
  playMoves(game, moves);
  return game;
}

/** @throws AppError 'invalid-argument' for a move that the rules forbid; those before it stay played */
export function playMoves(game: GameState, moves: readonly Move[]): void {
  const before = game.turns.length;
  check(
    before + moves.length <= MOST_MOVES,
    () => `The game would have ${before + moves.length} moves; at most ${MOST_MOVES} are allowed`,
  );
  for (const [i, { player, point }] of moves.entries()) {
    checkPoint(`moves[${i}].point`, point, game.size, game.size ** 2);
    play(game, player === 0 ? game.position.toMove : colorFromWire(player, `moves[${i}].player`), point, i);
  }
}

function play(game: GameState, color: Color, point: number, index: number): void {
  try {
    game.play(color, point);
  } catch (error) {
    const where = `moves[${index}]: ${colorName(color)} at ${formatVertex(point, game.size)}`;
    throw new AppError('invalid-argument', `${where}, move ${game.turns.length + 1} of the game, is illegal`, {
      cause: error,
    });
  }
}

function checkStones(field: string, points: readonly number[], size: number): void {
  for (const point of points) checkPoint(field, point, size, size ** 2 - 1);
}

function checkPoint(field: string, point: number, size: number, last: number): void {
  check(point <= last, () => `${field} is ${point}; on a board of ${size}×${size} it must be from 0 to ${last}`);
}
