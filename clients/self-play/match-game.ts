/** A rating game: two versions play on from an opening, without noise or temperature, each with a tree of its own. */

import { Rng } from '../../src/core/rng.js';
import { BLACK } from '../../src/go/color.js';
import type { SearchRecord } from '../../src/go/game-record.js';
import { Position } from '../../src/go/position.js';
import { search } from '../../src/search/search.js';
import { Tree } from '../../src/search/tree.js';
import { noSearch } from './early-fork.js';
import type { GameTask, MatchTask } from './game-task.js';
import { asking, finished, searchRecord, type RunningGame } from './running-game.js';
import { Resignation } from './resignation.js';

/**
 * The game as a generator, like `playGame`.
 *
 * @throws AppError 'invalid-argument' if the opening is not legal
 */
export function* playMatch(task: GameTask, match: MatchTask): RunningGame {
  const { settings } = task;
  const rng = new Rng(task.seed);
  const position = new Position(settings.size, settings.rules);
  for (const move of match.opening) position.play(move);
  const moves = [...match.opening];
  const searches: SearchRecord[] = moves.map(() => noSearch);
  const options = {
    visits: settings.visits,
    root: settings.gumbelRoot ? ('gumbel' as const) : ('puct' as const),
    gumbelActions: settings.gumbelActions,
    gumbelScale: 0,
  };
  const players = [
    { model: match.blackModel, tree: new Tree() },
    { model: match.whiteModel, tree: new Tree() },
  ] as const;
  const resignation = new Resignation(settings.resignThreshold);
  while (!position.isOver && moves.length < settings.maxMoves) {
    const { model, tree } = players[position.toMove === BLACK ? 0 : 1];
    const result = yield* asking(model, search(position, options, rng, tree));
    if (resignation.after(position.toMove, result.value)) break;
    searches.push(searchRecord(result, false));
    moves.push(result.bestAction);
    position.play(result.bestAction);
    for (const player of players) player.tree.advance(result.bestAction);
  }
  return finished(task, position, moves, searches, resignation);
}
