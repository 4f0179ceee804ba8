/** Plays games between two players: the same opening twice with colors swapped, several games at once, one referee. */

import { AppError } from '../../../src/core/errors.js';
import { throwIfAborted } from '../../../src/core/signals.js';
import { BLACK, WHITE, opponent, type Color } from '../../../src/go/color.js';
import { Position } from '../../../src/go/position.js';
import type { Rules } from '../../../src/go/rules.js';
import type { Player, PlayerGame } from './player.js';

export interface MatchOptions {
  readonly size: number;
  readonly rules: Rules;
  readonly games: number;
  /** Indices of games that are not to be played, as they have been. */
  readonly played?: ReadonlySet<number>;
  /** Moves to start from; game 2i and 2i + 1 use opening i, with colors swapped. */
  readonly openings: readonly (readonly number[])[];
  /** Games at once. */
  readonly parallel: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Called after every game, in the order in which they end. */
  readonly onGame?: (game: FinishedGame) => void;
}

export interface FinishedGame {
  readonly index: number;
  /** 0 or 1: which player had Black. */
  readonly black: number;
  /** 0 or 1: which player won; undefined for a draw. */
  readonly winner: number | undefined;
  /** Black's points minus White's, komi counted, as the board stands. */
  readonly score: number;
  readonly moves: readonly number[];
  readonly ending: 'score' | 'resignation' | 'illegal move' | 'move refused' | 'too long';
}

/** Plays the match and returns the games in their order. */
export async function playMatch(players: readonly [Player, Player], options: MatchOptions): Promise<FinishedGame[]> {
  const finished: FinishedGame[] = [];
  let next = 0;
  const playOn = async (): Promise<void> => {
    while (next < options.games) {
      throwIfAborted(options.signal);
      const index = next++;
      if (options.played?.has(index)) continue;
      const game = await playGame(players, index, options);
      finished.push(game);
      options.onGame?.(game);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.parallel, options.games) }, playOn));
  return finished.sort((a, b) => a.index - b.index);
}

async function playGame(
  players: readonly [Player, Player],
  index: number,
  options: MatchOptions,
): Promise<FinishedGame> {
  const { size, rules, signal } = options;
  const black = index % 2;
  const sides = await Promise.all(
    players.map((player, side) => player.newGame(size, rules, options.seed * 1_000_003 + index * 2 + side, signal)),
  );
  const sideOf = (color: Color): PlayerGame => sides[color === BLACK ? black : 1 - black]!;
  try {
    return { index, black, ...(await referee(sideOf, options, options.openings[index >> 1] ?? [], black)) };
  } finally {
    await Promise.all(sides.map((side) => side.end()));
  }
}

type Outcome = Omit<FinishedGame, 'index' | 'black'>;

async function referee(
  sideOf: (color: Color) => PlayerGame,
  options: MatchOptions,
  opening: readonly number[],
  black: number,
): Promise<Outcome> {
  const position = new Position(options.size, options.rules);
  const moves: number[] = [];
  const ended = (ending: FinishedGame['ending'], winner: Color | undefined): Outcome => ({
    winner: winner === undefined ? undefined : winner === BLACK ? black : 1 - black,
    score: position.score(),
    moves,
    ending,
  });
  for (const action of opening) {
    const color = position.toMove;
    await Promise.all([sideOf(BLACK).play(color, action), sideOf(WHITE).play(color, action)]);
    position.play(action);
    moves.push(action);
  }
  const maxMoves = 3 * options.size * options.size;
  while (!position.isOver && moves.length < maxMoves) {
    const color = position.toMove;
    const action = await sideOf(color).generateMove(color);
    if (action === 'resign') return ended('resignation', opponent(color));
    if (position.tryPlay(action)) return ended('illegal move', opponent(color));
    moves.push(action);
    try {
      await sideOf(opponent(color)).play(color, action);
    } catch (error) {
      // A program that refuses a legal move cannot go on; it loses the game, not the match.
      if (AppError.from(error).kind !== 'failed-precondition') throw error;
      return ended('move refused', color);
    }
  }
  const score = position.score();
  if (Number.isNaN(score)) throw new AppError('internal', 'The final score is not a number');
  return ended(position.isOver ? 'score' : 'too long', score > 0 ? BLACK : score < 0 ? WHITE : undefined);
}
