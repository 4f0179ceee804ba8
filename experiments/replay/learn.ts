/** One network trained on a fixed memory, through the trainer of the `alphazero` job. */

import { openEngine } from '../../src/engine/open-engine.js';
import { cpuEngine } from '../../src/engine/engine-settings.js';
import type { Engine } from '../../src/engine/engine.js';
import type { GameRecord } from '../../src/go/game-record.js';
import { tengen1 } from '../../src/go/tengen-features.js';
import { decodeModel } from '../../src/nn/model-file.js';
import { boardsOf } from '../../src/nn/networks/go-network.js';
import { servingConstants, servingGraph } from '../../src/nn/networks/serving.js';
import { makeBatch, writeRow } from '../../src/trainer/go-data/batch.js';
import { readAlphaZeroConfig } from '../../src/trainer/alphazero/config.js';
import { makeGameRows, type GameRows } from '../../src/trainer/go-data/game-rows.js';
import { architectureOf, Trainer } from '../../src/trainer/alphazero/trainer.js';
import { baseOf } from '../shared/self-play/base.js';
import type { Point } from './compare.js';

/** Of five games one is set aside. */
const SET_ASIDE = 5;
/** Positions that are evaluated at once. */
const BATCH = 256;

/** What to run; further settings go to the trainer. */
export interface LearnOptions extends Readonly<Record<string, number>> {
  readonly board: number;
  readonly seed: number;
  readonly steps: number;
  readonly every: number;
}

/** Trains for so many steps, and evaluates every so many. */
export async function learn(games: readonly GameRecord[], options: LearnOptions): Promise<Point[]> {
  const { board, seed, steps, every, ...shares } = options;
  const [seen, aside] = [0, 1].map((part) =>
    games.filter((_, i) => (i % SET_ASIDE === 0) === (part === 1)).map((record, i) => ({ sequence: i + 1, record })),
  ) as [{ sequence: number; record: GameRecord }[], { sequence: number; record: GameRecord }[]];
  const total = seen.reduce((sum, game) => sum + makeGameRows(game, 'skip').rows, 0);
  const common = { ...baseOf(board), ...shares, size: board, seed, schedule: 'constant', windowMin: total };
  // Nothing is due before the whole memory is there; then everything is.
  const pace = { startPositions: total, sampleFactor: 1000 };
  const config = readAlphaZeroConfig({ ...common, ...pace });
  const engine = await openEngine(cpuEngine);
  const trainer = await Trainer.create(engine, config, { architecture: architectureOf(config) });
  for (const game of seen) trainer.add(game, 0);
  const rows = aside.map((game) => makeGameRows(game, 'skip'));
  const points: Point[] = [];
  for (let step = 1; step <= steps; step++) {
    await trainer.makeStep();
    if (step % every === 0) points.push({ step, ...(await lossesOf(engine, (await trainer.copy()).modelFile, rows)) });
  }
  await trainer.release();
  return points;
}

/** Cross-entropy of the policy in nats and squared error of win less loss, means over positions. */
async function lossesOf(
  engine: Engine,
  modelFile: Uint8Array,
  games: readonly GameRows[],
): Promise<Omit<Point, 'step'>> {
  const model = decodeModel(modelFile);
  const program = await engine.compile(servingGraph(model.architecture), { constants: servingConstants(model) });
  const places = games.flatMap((game) => Array.from({ length: game.rows }, (_, row) => ({ game, row })));
  let [policy, value] = [0, 0];
  for (let from = 0; from < places.length; from += BATCH) {
    const some = places.slice(from, from + BATCH);
    const size = boardsOf(model.architecture)[1];
    const batch = makeBatch(some.length, size, tengen1);
    some.forEach(({ game, row }, i) => writeRow(batch, i, game, row, { symmetry: 0, valueMix: 0 }));
    const outputs = await program.run({
      planes: { shape: [some.length, tengen1.planes, size, size], data: batch.planes },
      globals: { shape: [some.length, tengen1.globals], data: batch.globals },
    });
    policy += crossEntropy(outputs['policy']!.data as Float32Array, batch.policy, some.length);
    value += squaredError(outputs['value']!.data as Float32Array, batch.value);
  }
  await program.release();
  return { policy: policy / places.length, value: value / places.length };
}

function crossEntropy(logits: Float32Array, targets: Float32Array, count: number): number {
  const actions = logits.length / count;
  let total = 0;
  for (let n = 0; n < count; n++) {
    const own = logits.subarray(n * actions, (n + 1) * actions);
    const highest = own.reduce((a, b) => Math.max(a, b));
    const logSum = highest + Math.log(own.reduce((sum, logit) => sum + Math.exp(logit - highest), 0));
    own.forEach((logit, a) => (total += targets[n * actions + a]! * (logSum - logit)));
  }
  return total;
}

function squaredError(results: Float32Array, targets: Float32Array): number {
  let total = 0;
  for (let i = 0; i < results.length; i += 3) {
    total += (results[i]! - results[i + 2]! - (targets[i]! - targets[i + 2]!)) ** 2;
  }
  return total;
}
