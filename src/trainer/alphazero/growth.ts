/**
 * Growing the network of a job while it runs ("Reusing Pretrained Models by Multi-linear Operators for Efficient Training",
 * NeurIPS 2023): the averaged weights, which play, become a larger network, by an operator that is trained on the replay
 * window. A function of the settings, the weights and the window alone.
 */

import { refOf } from '../../core/refs.js';
import { createHash } from 'node:crypto';

import { assert, check } from '../../core/errors.js';
import type { Engine } from '../../engine/engine.js';
import { featureSet } from '../../go/features.js';
import { goGrowth } from '../../methods/growth/go-bundles.js';
import { growthMethods } from '../../methods/growth/settings.js';
import { decodeModel, type Weights } from '../../nn/model-file.js';
import type { Architecture } from '../../nn/networks/architecture.js';
import type { GoArchitecture } from '../../nn/networks/go-network.js';
import type { GameRows } from '../go-data/game-rows.js';
import { lossWeights } from '../go-data/settings.js';
import { goCost, goTask, splitGames } from '../growth/go-task.js';
import { checkGrownLoss, growthFigures, lineageText } from '../growth/report.js';
import { goTarget } from '../growth/target.js';
import { growNetwork, type GrowthHooks } from '../growth/train-operator.js';
import type { AlphaZeroConfig } from './config.js';

/** Share of the window's games that the operator is not trained on, and batches of their positions. */
const HELD_OUT_SHARE = 0.1;
const HELD_OUT_BATCHES = 8;

/** A job and the model that it trains, for the lineage. */
export interface JobNames {
  readonly jobId: string;
  readonly model: string;
}

export interface GrownNetwork {
  readonly architecture: Architecture;
  readonly weights: Weights;
  /** Its lineage; see `lineageText`. */
  readonly grownFrom: string;
  readonly figures: Readonly<Record<string, number>>;
}

/**
 * What the network of a job is to become; undefined if it is not to grow.
 *
 * @throws AppError 'invalid-argument' naming sizes that do not fit
 */
export function growthTarget(config: AlphaZeroConfig, from: GoArchitecture): Architecture | undefined {
  const { growAfter, growBlocks: blocks, growChannels: channels } = config;
  if (growAfter === 0) return undefined;
  check(from.kind === 'go-resnet', 'Networks of KataGo cannot grow while a job runs; only those of our own kind can');
  const target = goTarget(from, {
    layers: 0,
    hidden: 0,
    heads: 0,
    keyValueHeads: 0,
    intermediate: 0,
    blocks,
    channels,
  });
  goGrowth(from, target, growthMethods[config.growMethod].coupling);
  return target;
}

/** What a job's network is grown from. */
export interface GrowthSource {
  /** Of the network that plays. */
  readonly modelFile: Uint8Array;
  /** Of the replay window. */
  readonly games: readonly GameRows[];
  readonly target: Architecture;
  readonly names: JobNames;
}

/**
 * Grows the network of a model file.
 *
 * @throws AppError 'failed-precondition' if the loss is too high or the games are too few; the signal's reason if it is
 *   aborted
 */
export async function growOnWindow(
  engine: Engine,
  config: AlphaZeroConfig,
  { modelFile, games, target, names }: GrowthSource,
  hooks: GrowthHooks,
): Promise<GrownNetwork> {
  const { size, batchSize, seed, valueMix, growMethod: method, growSteps: steps, growLearningRate: rate } = config;
  const operator = growthMethods[method];
  const source = decodeModel(modelFile);
  const { architecture } = source;
  assert(architecture.kind === 'go-resnet', 'a network of another kind was to grow');
  const plan = goGrowth(architecture, target, operator.coupling);
  const split = splitGames(games, HELD_OUT_SHARE);
  const drawn = {
    size,
    features: featureSet(architecture.features),
    batchSize,
    seed,
    valueMix,
    heldOutBatches: HELD_OUT_BATCHES,
  };
  const task = goTask(split, { ...drawn, losses: lossWeights(config) });
  const growth = {
    source: { ...source, architecture },
    target,
    plan,
    settings: operator,
    task,
    seed,
    steps,
    learningRate: rate,
  };
  const { weights, report } = await growNetwork(engine, growth, hooks);
  checkGrownLoss(report, { method, most: config.growMaxLossIncrease, setting: 'growMaxLossIncrease' });
  const sourceSha256 = createHash('sha256').update(modelFile).digest('hex');
  const lineage = {
    source: refOf({ name: names.model, version: sourceSha256.slice(0, 12) }),
    sourceSha256,
    method,
    operator,
    seed,
  };
  return {
    architecture: target,
    weights,
    grownFrom: lineageText({ ...lineage, data: names.jobId, learningRate: rate, batchSize }, report),
    figures: growthFigures(report, { plan }, goCost(target, target.size, batchSize)),
  };
}
