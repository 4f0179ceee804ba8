import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Rng } from '../../../../src/core/rng.js';
import type { Engine } from '../../../../src/engine/engine.js';
import { openEngine } from '../../../../src/engine/open-engine.js';
import { cpuEngine } from '../../../../src/engine/engine-settings.js';
import { growthMethods, type OperatorSettings } from '../../../../src/methods/growth/settings.js';
import { transformerGrowth } from '../../../../src/methods/growth/transformer-bundles.js';
import {
  checkTransformer,
  type TransformerConfiguration,
} from '../../../../src/nn/networks/transformer/configuration.js';
import { initialTransformer } from '../../../../src/nn/networks/transformer/parameters.js';
import { languageTask, type TokenRow } from '../../../../src/trainer/growth/language-task.js';
import type { Task } from '../../../../src/trainer/growth/task.js';
import {
  type Growth,
  type GrowthHooks,
  type Grown,
  growNetwork,
  lossOfWeights,
} from '../../../../src/trainer/growth/train-operator.js';

const small = checkTransformer({
  kind: 'transformer',
  hidden: 8,
  layers: 2,
  heads: 2,
  keyValueHeads: 1,
  headWidth: 4,
  intermediate: 16,
  vocabulary: 7,
  context: 16,
  ropeTheta: 10_000,
  normEpsilon: 1e-6,
  queryKeyValueBias: false,
  tiedHead: false,
});
const large = checkTransformer({ ...small, hidden: 16, heads: 4, keyValueHeads: 2, intermediate: 32, layers: 4 });
const shape = { rows: 4, length: 8 };

/** Each token is the one before it plus 1 or 2: half a bit to learn. */
function rowsFrom(rng: Rng): TokenRow[] {
  return Array.from({ length: shape.rows }, () => {
    const tokens = [rng.int(7)];
    while (tokens.length <= shape.length) tokens.push((tokens.at(-1)! + 1 + rng.int(2)) % 7);
    return { tokens };
  });
}

function counting(): Task<TransformerConfiguration> {
  const heldOut = [0, 1].map((i) => rowsFrom(new Rng(99).fork(i)));
  return languageTask(shape, (step) => rowsFrom(new Rng(5).fork(step)), heldOut);
}

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine(cpuEngine);
});
afterAll(() => engine.close());

function growthBy(settings: OperatorSettings, steps: number, learningRate = 0.01): Growth<TransformerConfiguration> {
  const source = { architecture: small, weights: initialTransformer(small, new Rng(1)) };
  const plan = transformerGrowth(small, large, settings.coupling);
  return { source, target: large, plan, settings, task: counting(), seed: 1, steps, learningRate };
}

function growBy(settings: OperatorSettings, steps: number, hooks?: GrowthHooks): Promise<Grown> {
  return growNetwork(engine, growthBy(settings, steps), hooks);
}

describe('growing a network on its own task', () => {
  it.each(['mango', 'mango-exact', 'ligo'] as const)('lowers the held-out loss by training %s', async (method) => {
    const seen: number[] = [];
    const { report } = await growBy(growthMethods[method], 40, { onStep: ({ step }) => void seen.push(step) });
    expect(report.loss).toBeLessThan(report.initialLoss - 0.1);
    expect(report.bestStep).toBeGreaterThan(0);
    expect(seen).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });

  it('writes weights that have the loss that was measured for their operator', async () => {
    const { report, weights } = await growBy(growthMethods.mango, 12);
    const loss = await lossOfWeights(engine, counting(), { architecture: large, weights });
    expect(loss).toBe(report.loss);
    expect(report.sourceLoss).toBeGreaterThan(0);
  });

  it('grows without any training where the method has none, and then keeps the loss if it keeps the function', async () => {
    const { report, cores } = await growBy(growthMethods.net2net, 40);
    expect(report).toMatchObject({ steps: 0, bestStep: 0 });
    expect(report.loss).toBeCloseTo(report.sourceLoss, 5);
    expect(cores).toEqual({});
  });

  it('keeps the operator it began with if training only spoils it', async () => {
    const { report, cores } = await growNetwork(engine, growthBy(growthMethods['mango-exact'], 8, 10));
    expect(report).toMatchObject({ steps: 8, bestStep: 0 });
    expect(report.loss).toBeCloseTo(report.initialLoss, 5);
    expect(Object.keys(cores).length).toBeGreaterThan(3);
  });

  it('gives the same weights for the same seed', async () => {
    const [a, b] = [await growBy(growthMethods.mango, 6), await growBy(growthMethods.mango, 6)];
    expect([...b.weights]).toEqual([...a.weights]);
  });

  it('stops with the reason given once it is aborted', async () => {
    const abort = new AbortController();
    const onStep = ({ step }: { step: number }): void => {
      if (step === 3) abort.abort(new Error('enough'));
      expect(step).toBeLessThan(4);
    };
    await expect(growBy(growthMethods.mango, 40, { signal: abort.signal, onStep })).rejects.toThrow('enough');
  });
});
