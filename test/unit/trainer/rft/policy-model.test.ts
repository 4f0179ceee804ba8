import { openEngine } from '../../../../src/engine/open-engine.js';
import { cpuEngine } from '../../../../src/engine/engine-settings.js';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src/core/rng.js';
import type { Weights } from '../../../../src/nn/model-file.js';
import { PolicyModel, type PolicyModelOptions } from '../../../../src/trainer/rft/policy-model.js';
import type { WeightedGroup } from '../../../../src/trainer/rft/rows.js';
import { tinyLanguageModel } from '../../../support/tiny-language-model.js';

const { architecture, weights } = tinyLanguageModel();
const loss: PolicyModelOptions['loss'] = {
  clipLow: 0.2,
  clipHigh: 0.28,
  klCoefficient: 0.1,
  klEstimator: 'k3',
  entropyCoefficient: 0.01,
  temperature: 0.8,
};
const options: PolicyModelOptions = {
  architecture,
  tensors: weights,
  loss,
  update: { optimizer: { kind: 'adamw' }, clipNorm: 0 },
};

const engine = await openEngine(cpuEngine);

/** Groups with made-up advantages, and likelihoods that are a little off, as after an update. */
async function drawGroups(policy: PolicyModel): Promise<WeightedGroup[]> {
  const prompts = [[5, 6, 7, 8], [5], [5, 6, 200]];
  const drawn = await policy.generate({
    prompts,
    completions: 4,
    maxTokens: 6,
    stopTokens: [17],
    temperature: 0.8,
    topP: 1,
    prefixTokens: 0,
    seed: 3,
  });
  const rng = new Rng(8);
  return drawn.map(({ completions }, i) => ({
    prompt: prompts[i]!,
    completions: completions.map(({ tokens, logProbabilities }) => ({
      tokens,
      logProbabilities: logProbabilities.map((x) => x + 0.3 * rng.normal()),
      advantage: rng.normal(),
      weight: 0.02 + 0.1 * rng.float(),
    })),
  }));
}

async function lossAt(tensors: Weights, groups: readonly WeightedGroup[]): Promise<number> {
  const policy = await PolicyModel.open(engine, { ...options, tensors });
  const { loss: value } = await policy.update({ groups, learningRate: 0 });
  await policy.close();
  return value;
}

/** The state with one weight moved; the reference stays. */
function moved(state: Weights, name: string, at: number, by: number): Weights {
  const tensor = state.get(name)!;
  const data = Float32Array.from(tensor.data);
  data[at]! += by;
  return new Map([...state, [name, { shape: tensor.shape, data }]]);
}

describe('PolicyModel', () => {
  it('follows the gradient of the loss, as finite differences say', { timeout: 180_000 }, async () => {
    const start = await PolicyModel.open(engine, options);
    const groups = await drawGroups(start);
    // A policy that has left its reference.
    await start.update({ groups, learningRate: 0.003 });
    const state = await start.state();
    const bare = new Map([...state].filter(([name]) => !name.startsWith('adam:')));
    // AdamW's first mean is (1 − β₁) times the gradient.
    const policy = await PolicyModel.open(engine, { ...options, tensors: bare });
    await policy.update({ groups, learningRate: 0 });
    const after = await policy.state();
    for (const name of [...weights.keys()].filter((one) => !one.includes('layers.1'))) {
      const gradient = after.get(`adam:mean:${name}`)!.data;
      const largest = gradient.reduce((best, x, i) => (Math.abs(x) > Math.abs(gradient[best]!) ? i : best), 0);
      const h = 3e-4;
      const up = await lossAt(moved(bare, name, largest, h), groups);
      const down = await lossAt(moved(bare, name, largest, -h), groups);
      const wanted = (up - down) / (2 * h);
      const tolerance = 2e-3 + 0.03 * Math.abs(wanted);
      expect(Math.abs(gradient[largest]! / 0.1 - wanted), `${name} at ${largest}: ${wanted}`).toBeLessThan(tolerance);
    }
    await start.close();
    await policy.close();
  });

  it('goes on bit for bit from its state', async () => {
    const one = await PolicyModel.open(engine, options);
    const groups = await drawGroups(one);
    await one.update({ groups, learningRate: 0.001 });
    const two = await PolicyModel.open(engine, { ...options, tensors: await one.state() });
    for (let step = 0; step < 3; step++) {
      const [a, b] = [await drawGroups(one), await drawGroups(two)];
      expect(a).toEqual(b);
      expect(await one.update({ groups: a, learningRate: 0.001 })).toEqual(
        await two.update({ groups: b, learningRate: 0.001 }),
      );
    }
    expect([...(await one.state())]).toEqual([...(await two.state())]);
    await one.close();
    await two.close();
  });
});
