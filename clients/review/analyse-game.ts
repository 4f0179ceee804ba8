/** Searches every position of a game, some at once, and reviews its moves. */

import { opponent, type Color } from '../../src/go/color.js';
import { GameState, type GameSoFar } from '../../src/player/game-state.js';
import type { Opinion } from '../../src/player/opinion.js';
import { reviewMove, standingOf, type ReviewedMove } from '../../src/player/review/review.js';
import type { GameThinker } from '../shared/game-thinker.js';

/** How a game is searched. */
export interface AnalyseOptions {
  readonly visits: number;
  /** Positions searched at once. */
  readonly positions: number;
  /** Makes a thinker for one position. */
  readonly thinker: () => GameThinker;
  readonly signal: AbortSignal;
  /** Told of each position that is done. */
  readonly onDone: (done: number, of: number) => void;
}

/**
 * Reviews the moves of a game, all of them but those whose positions were not searched before `signal`.
 *
 * @throws AppError what the searches throw
 */
export async function analyseGame(game: GameSoFar, options: AnalyseOptions): Promise<readonly ReviewedMove[]> {
  const count = game.turns.length + 1;
  const opinions: (Opinion | undefined)[] = Array.from({ length: count }, () => undefined);
  let next = 0;
  let done = 0;
  const search = async (): Promise<void> => {
    while (next < count && !options.signal.aborted) {
      const ply = next++;
      const opinion = await think(game, ply, options);
      if (opinion.candidates.length > 0) opinions[ply] = opinion;
      options.onDone(++done, count);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.positions, count) }, search));
  return game.turns.flatMap((turn, ply) => {
    const [before, after] = [opinions[ply], opinions[ply + 1]];
    if (!before || !after) return [];
    return [reviewMove(turn, ply + 1, before, standingOf(after, toMoveAt(game, ply + 1)))];
  });
}

/** What is thought of the position before move `ply + 1`, for the player who made it or, after the last one, who would. */
async function think(game: GameSoFar, ply: number, { visits, thinker, signal }: AnalyseOptions): Promise<Opinion> {
  const state = new GameState(game.size, game.rules);
  state.load({ ...game, turns: game.turns.slice(0, ply) });
  const searcher = thinker();
  try {
    const root = state.positionFor(toMoveAt(game, ply));
    const search = searcher.think(state, root, { visits, stop: signal });
    let step = await search.next();
    while (!step.done) step = await search.next();
    return step.value;
  } finally {
    searcher.clear();
  }
}

function toMoveAt({ setup, turns }: GameSoFar, ply: number): Color {
  const turn = turns[ply];
  if (turn) return turn.color;
  const last = turns[ply - 1];
  return last === undefined ? setup.toMove : opponent(last.color);
}
