/** The training loss of a Go network on positions of games, as a task. */

import { AppError } from '../../core/errors.js';
import { Rng } from '../../core/rng.js';
import type { NamedTensors } from '../../engine/engine.js';
import type { FeatureSet } from '../../go/feature-set.js';
import { SYMMETRIES } from '../../go/symmetry.js';
import type { LossWeights } from '../../nn/networks/go-loss.js';
import { type GoArchitecture, goParameters } from '../../nn/networks/go-network.js';
import { batchLoss } from '../../nn/training-step.js';
import { sizeOf } from '../../nn/types.js';
import { batchTensors, makeBatch, writeRow } from '../go-data/batch.js';
import type { GameRows } from '../go-data/game-rows.js';
import { ReplayMemory } from '../go-data/replay-memory.js';
import type { Task } from './task.js';

/** What batches are drawn and losses are weighted by. */
export interface GoTaskOptions {
  readonly size: number;
  readonly batchSize: number;
  readonly features: FeatureSet;
  readonly heldOutBatches: number;
  readonly seed: number;
  /** Share of the search's root value in the value target. */
  readonly valueMix: number;
  readonly losses: LossWeights;
}

/** The task of batches of positions, each seen through one of the eight symmetries. */
export function goTask(
  games: { readonly training: readonly GameRows[]; readonly heldOut: readonly GameRows[] },
  { size, features, batchSize, heldOutBatches, seed, valueMix, losses }: GoTaskOptions,
): Task<GoArchitecture> {
  const [training, heldOut] = [memoryOf(games.training), memoryOf(games.heldOut)];
  const draw = (memory: ReplayMemory<GameRows>, rng: Rng): NamedTensors => {
    const batch = makeBatch(batchSize, size, features);
    for (let index = 0; index < batchSize; index++) {
      const { game, row } = memory.sample(memory.total, rng);
      writeRow(batch, index, game, row, { symmetry: rng.int(SYMMETRIES), valueMix });
    }
    return batchTensors(batch);
  };
  const own = new Rng(seed).fork(0);
  return {
    lossOf: (architecture, parameter) => batchLoss({ architecture, size, batchSize, losses }, parameter),
    batch: (step) => draw(training, new Rng(seed).fork(step + 1)),
    heldOut: Array.from({ length: heldOutBatches }, () => draw(heldOut, own)),
  };
}

/**
 * Parts the games of a replay window into those that batches are drawn from and those that losses are measured on; game
 * trees are held out as a whole.
 *
 * @throws AppError 'failed-precondition' if there are too few
 */
export function splitGames(
  games: readonly GameRows[],
  heldOutShare: number,
): { readonly training: readonly GameRows[]; readonly heldOut: readonly GameRows[] } {
  const every = Math.max(2, Math.round(1 / heldOutShare));
  const trees = [...new Set(games.map(({ firstSequence }) => firstSequence))];
  if (trees.length < every) {
    const message = `The replay window has ${trees.length} games; at least ${every} are needed to grow on it`;
    throw new AppError('failed-precondition', message);
  }
  const isHeldOut = new Map(trees.map((tree, i) => [tree, i % every === every - 1]));
  const [training, heldOut] = [false, true].map((wanted) =>
    games.filter(({ firstSequence }) => isHeldOut.get(firstSequence) === wanted),
  ) as [GameRows[], GameRows[]];
  return { training, heldOut };
}

function memoryOf(games: readonly GameRows[]): ReplayMemory<GameRows> {
  const memory = new ReplayMemory<GameRows>();
  for (const game of games) memory.add(game);
  return memory;
}

/** Multiplications of a forward pass: filters are applied at every point, matrices once a position. */
export function goCost(architecture: GoArchitecture, size: number, batchSize: number): number {
  const points = size ** 2;
  const each = goParameters(architecture).map(({ shape }) => {
    return shape.length === 4 ? points * sizeOf(shape) : shape.length === 2 ? sizeOf(shape) : 0;
  });
  return batchSize * each.reduce((sum, cost) => sum + cost, 0);
}
