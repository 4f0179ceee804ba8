/** The replay window of an alphazero job as the task of a Go network that grows. */

import { check } from '../../core/errors.js';
import { throwIfAborted } from '../../core/signals.js';
import { featureSet } from '../../go/features.js';
import { type GoArchitecture, boardsOf } from '../../nn/networks/go-network.js';
import { type GameRows, makeGameRows } from '../go-data/game-rows.js';
import { type GoDataSettings, labelOptions, lossWeights, readGoDataSettings, windowOf } from '../go-data/settings.js';
import type { StoredGame } from '../go-data/stored-game.js';
import { TreeLabels } from '../go-data/tree-labels.js';
import { goTask, splitGames } from '../growth/go-task.js';
import type { Task } from '../growth/task.js';
import type { PlayedJob } from '../harness/ports.js';
import type { GrowConfig } from './config.js';

/** The games of an alphazero job. */
export interface SelfPlayGames extends PlayedJob {
  /** In the order in which they were stored. */
  games(): AsyncIterable<StoredGame & { readonly positions: number }>;
}

/**
 * The task, and figures of the data.
 *
 * @throws AppError 'invalid-argument' if the games are of another size of board, 'failed-precondition' if they are too few
 */
export async function readGoTask(
  played: SelfPlayGames,
  architecture: GoArchitecture,
  config: GrowConfig,
  signal?: AbortSignal,
): Promise<{
  readonly task: Task<GoArchitecture>;
  readonly size: number;
  readonly figures: Readonly<Record<string, number>>;
}> {
  const settings = readGoDataSettings(played.config);
  const { size } = settings;
  const [smallest, largest] = boardsOf(architecture);
  check(size >= smallest && size <= largest, () => {
    return `The games of the job '${played.jobId}' are of size ${size}; the network is for size ${largest}`;
  });
  const games = await readWindow(played, settings, signal);
  const { training, heldOut } = splitGames(games, config.evaluationShare);
  const { batchSize, evaluationBatches, seed } = config;
  const options = {
    size,
    features: featureSet(architecture.features),
    batchSize,
    heldOutBatches: evaluationBatches,
    seed,
  };
  const figures = { games: training.length, evaluationGames: heldOut.length, positions: positionsIn(training) };
  const task = goTask(
    { training, heldOut },
    { ...options, valueMix: settings.valueMix, losses: lossWeights(settings) },
  );
  return { task, size, figures };
}

function positionsIn(games: readonly GameRows[]): number {
  return games.reduce((sum, { rows }) => sum + rows, 0);
}

/** The newest games with as many positions as the job's window has, with the labels that the job gives them. */
async function readWindow(
  played: SelfPlayGames,
  settings: GoDataSettings,
  signal: AbortSignal | undefined,
): Promise<GameRows[]> {
  const before = played.positions - windowOf(played.positions, settings);
  const trees = new TreeLabels(labelOptions(settings));
  const games: GameRows[] = [];
  let seen = 0;
  for await (const game of played.games()) {
    throwIfAborted(signal);
    if (game.record.match) continue;
    seen += game.positions;
    const { variation } = game.record;
    // A tree is labelled from its first game on.
    const isWanted = seen > before || (variation !== undefined && settings.variations > 1);
    if (!isWanted) continue;
    const rows = makeGameRows(game, settings.cheapPositions);
    trees.add(game, rows);
    if (seen > before && rows.rows > 0) games.push(rows);
  }
  return games;
}
