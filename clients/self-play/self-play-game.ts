/** A self-play game: one model against itself, exploring. */

import { Rng } from '../../src/core/rng.js';
import type { SearchRecord } from '../../src/go/game-record.js';
import { Position } from '../../src/go/position.js';
import { labelChangeRate } from '../../src/methods/branching/label-change-rate.js';
import { search } from '../../src/search/search.js';
import { drawAction } from '../../src/search/temperature.js';
import { Tree } from '../../src/search/tree.js';
import { earlyFork, noSearch } from './early-fork.js';
import type { GameTask, PlaySettings } from './game-task.js';
import { Resignation } from './resignation.js';
import { asking, finished, searchRecord, type RunningGame } from './running-game.js';

/** Where a variation of a game tree begins. */
export interface VariationStart {
  /** Moves to replay; the record has searches only for those that follow. */
  readonly moves: readonly number[];
  /** Draws everything random from here on. */
  readonly rng: Rng;
}

/** The game as a generator. Draws everything random from the task's seed, or in a variation from its own generator. */
export function* playSelfPlay(task: GameTask, start?: VariationStart): RunningGame {
  const { settings, modelVersion } = task;
  const rng = start?.rng ?? new Rng(task.seed);
  const position = new Position(settings.size, settings.rules);
  const tree = new Tree();
  const moves = [...(start?.moves ?? [])];
  for (const move of moves) position.play(move);
  const searches: SearchRecord[] = [];
  const resignation = new Resignation(rng.float() < settings.resignPlayoutShare ? -1 : settings.resignThreshold);
  if (moves.length === 0 && settings.earlyForkShare > 0 && rng.float() < settings.earlyForkShare) {
    moves.push(...(yield* earlyFork(modelVersion, position, rng)));
    searches.push(...moves.map(() => noSearch));
  }
  while (!position.isOver && moves.length < settings.maxMoves) {
    const full =
      settings.cheapVisits === 0 || rng.float() < settings.fullSearchShare || isOpen(searches.at(-1), settings);
    const options = selfPlaySearch(settings, full);
    const result = yield* asking(modelVersion, search(position, options, rng, tree));
    if (resignation.after(position.toMove, result.value)) break;
    const temperature = moves.length < settings.temperatureMoves ? 1 : settings.lateTemperature;
    const move = temperature > 0 ? drawAction(result.policy, temperature, rng) : result.bestAction;
    searches.push(searchRecord(result, full));
    moves.push(move);
    position.play(move);
    // Kept for Gumbel too: what is already known below the move makes the values of the next search better.
    tree.advance(move);
  }
  return finished(task, position, moves, searches, resignation);
}

/** Whether the search before found the result uncertain enough for a full search in any case. */
function isOpen(before: SearchRecord | undefined, { fullSearchAbove }: PlaySettings): boolean {
  if (fullSearchAbove === 0) return false;
  return before === undefined || labelChangeRate((1 + before.value) / 2) >= fullSearchAbove;
}

/** Cheap searches of playout-cap randomisation are there to play well, so they make no noise (KataGo, section 3.1). */
function selfPlaySearch(settings: PlaySettings, full: boolean) {
  const { gumbelActions, dirichletTotal } = settings;
  return {
    visits: full ? settings.visits : settings.cheapVisits,
    root: settings.gumbelRoot ? ('gumbel' as const) : ('puct' as const),
    gumbelActions,
    gumbelScale: full ? 1 : 0,
    dirichletTotal: full ? dirichletTotal : 0,
    // The noise already explores the root; a reduction would undo it.
    ...(full ? { rootFpuReduction: 0 } : {}),
  };
}
