/** Game trees as workers play them, with a network made by hand. */

import type { PlaySettings } from '../../clients/self-play/game-task.js';
import { TreePlay } from '../../clients/self-play/tree-play.js';
import type { GameRecord } from '../../src/go/game-record.js';
import { defaultRules } from '../../src/go/rules.js';
import { paperSettings, type BranchSettings } from '../../src/methods/branching/settings.js';
import { heuristicEvaluation } from './heuristic-evaluator.js';

export interface PlayedTreeOptions {
  readonly size: number;
  readonly seed?: number;
  readonly treeId?: string;
  readonly jobId?: string;
  readonly visits?: number;
  readonly cheapVisits?: number;
  readonly branching?: Partial<BranchSettings>;
}

/** Plays a whole tree; the same one for the same options. */
export function playTree({
  size,
  seed = 1,
  treeId = 'tree',
  jobId = 'job',
  visits = 16,
  cheapVisits = 0,
  branching = {},
}: PlayedTreeOptions): GameRecord[] {
  const settings: PlaySettings = {
    size,
    rules: defaultRules(size),
    visits,
    cheapVisits,
    fullSearchShare: 0.5,
    gumbelRoot: true,
    gumbelActions: 8,
    temperatureMoves: size * size,
    maxMoves: 2 * size * size,
    resignThreshold: -1,
    resignPlayoutShare: 0,
    dirichletTotal: 10,
    lateTemperature: 0,
    earlyForkShare: 0,
    fullSearchAbove: 0,
    branching: { ...paperSettings, adaptiveThreshold: true, ...branching },
  };
  const tree = new TreePlay({ gameId: treeId, jobId, modelVersion: '', seed, settings });
  const games: GameRecord[] = [];
  while (!tree.isComplete) {
    const game = tree.nextVariation('go@0123456789ab');
    let step = game.next();
    while (!step.done)
      step = game.next(step.value.positions.map((position) => heuristicEvaluation(position.snapshot())));
    games.push(step.value);
  }
  return games;
}
