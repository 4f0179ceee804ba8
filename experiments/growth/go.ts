/** The Go network on positions of self-play: the games of a training run of seed 1, the same for every arm and seed. */

import { Rng } from '../../src/core/rng.js';
import { tengen1 } from '../../src/go/tengen-features.js';
import { goGrowth } from '../../src/methods/growth/go-bundles.js';
import type { Architecture } from '../../src/nn/networks/architecture.js';
import { initialWeights } from '../../src/nn/networks/go-network.js';
import { makeGameRows } from '../../src/trainer/go-data/game-rows.js';
import { goCost, goTask } from '../../src/trainer/growth/go-task.js';
import { gamesOf } from '../shared/self-play/games.js';
import type { Subject, SubjectData } from './subject.js';

const BOARD = 7;
/** Searched positions of the run; its games after the first half are the data. */
const POSITIONS = 64_000;
const BATCH = 64;
/** One game in so many is held out. */
const HELD_OUT = 10;
const HELD_OUT_BATCHES = 40;
/** Batches by which operators are chosen: of the games trained on, in an order of their own. */
const CHOOSING = 4;

function sizes(blocks: number, channels: number): Architecture {
  const features = tengen1.name;
  return {
    kind: 'go-resnet',
    size: BOARD,
    blocks,
    channels,
    planes: tengen1.planes,
    globals: tengen1.globals,
    features,
  };
}

/** The comparison of 2 blocks of 16 channels with 4 of 32, on 7×7. */
export function goSubject(): Subject<Architecture> {
  return {
    name: 'go-16',
    small: sizes(2, 16),
    shallow: sizes(2, 32),
    target: sizes(4, 32),
    lengths: { constant: { small: 750, target: 500 }, decay: { small: 750, target: 500 } },
    learningRates: [0.0005, 0.001, 0.002, 0.004, 0.008],
    operatorSteps: 100,
    operatorRate: 0.001,
    initial: (architecture, seed) => initialWeights(architecture, new Rng(seed)),
    plan: goGrowth,
    forwardCost: (architecture) => goCost(architecture, architecture.size, BATCH),
    data: readData,
  };
}

async function readData(): Promise<SubjectData<Architecture>> {
  const records = await gamesOf(BOARD, POSITIONS);
  const games = records.map((record, i) => makeGameRows({ sequence: i + 1, record }, 'skip'));
  const part = (isHeldOut: boolean): typeof games =>
    games.filter(({ rows }, i) => rows > 0 && (i % HELD_OUT === 0) === isHeldOut);
  const [training, heldOut] = [part(false), part(true)];
  const common = { size: BOARD, features: tengen1, batchSize: BATCH, valueMix: 0 };
  const losses = { policy: 1, value: 1, ownership: 0, score: 0 };
  // The held-out batches are drawn by the seed, so each kind has one of its own; the order of training has the run's.
  const evaluation = goTask(
    { training, heldOut },
    { ...common, losses, heldOutBatches: HELD_OUT_BATCHES, seed: 1_000_001 },
  );
  const choosing = goTask(
    { training, heldOut: training },
    { ...common, losses, heldOutBatches: CHOOSING, seed: 1_000_002 },
  );
  const ordered = (seed: number) => goTask({ training, heldOut }, { ...common, losses, heldOutBatches: 0, seed });
  return {
    task: (seed) => ({ ...ordered(seed), heldOut: evaluation.heldOut }),
    operatorTask: (seed) => ({ ...ordered(seed), heldOut: choosing.heldOut }),
  };
}
