import { describe, expect, it } from 'vitest';

import { Rng } from '../../../../src/core/rng.js';
import { growthMethods, type OperatorSettings } from '../../../../src/methods/growth/settings.js';
import { transformerGrowth } from '../../../../src/methods/growth/transformer-bundles.js';
import type { Weights } from '../../../../src/nn/model-file.js';
import {
  checkTransformer,
  type TransformerConfiguration,
} from '../../../../src/nn/networks/transformer/configuration.js';
import { initialTransformer, layerParameter } from '../../../../src/nn/networks/transformer/parameters.js';
import { transformerGraph } from '../../../../src/nn/networks/transformer/whole.js';
import { difference, grow, runOnce } from '../../../support/grown.js';
import { packTokens } from '../../../support/packed-tokens.js';

const base = {
  kind: 'transformer',
  hidden: 8,
  layers: 2,
  heads: 2,
  keyValueHeads: 2,
  headWidth: 4,
  intermediate: 16,
  vocabulary: 11,
  context: 16,
  ropeTheta: 10_000,
  normEpsilon: 1e-6,
  queryKeyValueBias: false,
  tiedHead: false,
};

function sizes(from: object, to: object): readonly [TransformerConfiguration, TransformerConfiguration] {
  return [checkTransformer({ ...base, ...from }), checkTransformer({ ...base, ...from, ...to })];
}

/** Large enough that every part matters; norms and biases too. */
function weightsOf(configuration: TransformerConfiguration): Weights {
  const weights = initialTransformer(configuration, new Rng(3));
  const rng = new Rng(4);
  for (const { data, shape } of weights.values()) {
    for (let i = 0; i < data.length; i++)
      data[i] = shape.length > 1 ? 0.4 * rng.normal() : data[i]! + 0.3 * rng.normal();
  }
  return weights;
}

async function logitsOf(configuration: TransformerConfiguration, weights: Weights): Promise<Float32Array> {
  const inputs = packTokens([
    [1, 5, 2, 9, 9, 3],
    [4, 0, 10],
  ]);
  const { logits } = await runOnce(transformerGraph(configuration), { ...inputs, ...Object.fromEntries(weights) });
  return logits!;
}

async function errorOf(
  [from, to]: readonly [TransformerConfiguration, TransformerConfiguration],
  settings: OperatorSettings,
): Promise<number> {
  const weights = weightsOf(from);
  const grown = await grow(transformerGrowth(from, to, settings.coupling), settings, weights);
  return difference(await logitsOf(to, grown), await logitsOf(from, weights));
}

const twice = { hidden: 16, heads: 4, keyValueHeads: 4, intermediate: 32 };

describe('growing a transformer', () => {
  it.each([
    ['plain', {}, twice],
    ['with its embedding as its head', { tiedHead: true }, twice],
    ['with grouped heads and biases', { heads: 4, headWidth: 2, queryKeyValueBias: true }, { ...twice, heads: 8 }],
    ['into larger groups of heads', { heads: 2, keyValueHeads: 1 }, { ...twice, heads: 8, keyValueHeads: 2 }],
    ['whose hidden layer is no multiple of its width', { intermediate: 12 }, { ...twice, intermediate: 20 }],
    ['into three times its width', {}, { hidden: 24, heads: 6, keyValueHeads: 6, intermediate: 48 }],
  ])('keeps the function of one %s, in width and depth', async (_name, from, to) => {
    expect(await errorOf(sizes(from, { ...to, layers: 5 }), growthMethods.net2net)).toBeLessThan(2e-5);
    expect(await errorOf(sizes(from, to), growthMethods.fpi)).toBeLessThan(2e-5);
  });

  it('keeps the function when new units are read by nothing at first', async () => {
    const settings = { ...growthMethods.katago, noise: 0 };
    expect(await errorOf(sizes({}, { ...twice, layers: 3 }), settings)).toBeLessThan(2e-5);
  });

  it('keeps the function when copies are told apart at once', async () => {
    const [from, to] = sizes({}, { ...twice, layers: 4 });
    const settings = { ...growthMethods.net2net, spread: 0.5 };
    expect(await errorOf([from, to], settings)).toBeLessThan(5e-5);
    const weights = weightsOf(from);
    const [spread, plain] = await Promise.all(
      [settings, growthMethods.net2net].map((one) => grow(transformerGrowth(from, to, 'all'), one, weights)),
    );
    const name = layerParameter(1, 'mlp.up_proj.weight');
    expect(difference(spread!.get(name)!.data, plain!.get(name)!.data)).toBeGreaterThan(0.1);
  });

  it('keeps the function with any rank as long as there is no noise', async () => {
    const settings = { ...growthMethods['mango-exact'], noise: 0, rank: 3 };
    expect(await errorOf(sizes({}, { ...twice, layers: 4 }), settings)).toBeLessThan(2e-5);
  });

  it('does not keep it by stacking layers, by units of the next layer or under noise', async () => {
    for (const settings of [growthMethods.stack, growthMethods.aki, growthMethods.mango]) {
      expect(await errorOf(sizes({}, { ...twice, layers: 4 }), settings)).toBeGreaterThan(1e-3);
    }
  });

  it('changes nothing where nothing grows', async () => {
    const [from] = sizes({}, {});
    const weights = weightsOf(from);
    const grown = await grow(transformerGrowth(from, from, 'all'), growthMethods.fpi, weights);
    for (const [name, { data }] of grown) expect(data, name).toEqual(weights.get(name)!.data);
  });

  it('stacks layers as StackBERT does', async () => {
    const [from, to] = sizes({}, { layers: 5 });
    const weights = weightsOf(from);
    const grown = await grow(transformerGrowth(from, to, 'all'), growthMethods.stack, weights);
    for (let layer = 0; layer < 5; layer++) {
      for (const name of ['mlp.down_proj.weight', 'input_layernorm.weight', 'self_attn.k_proj.weight']) {
        const expected = weights.get(layerParameter(layer % 2, name))!.data;
        expect(grown.get(layerParameter(layer, name))!.data).toEqual(expected);
      }
    }
  });

  it('takes new outputs from the next layer as AKI does', async () => {
    const [from, to] = sizes({}, { ...twice, layers: 3 });
    const weights = weightsOf(from);
    const grown = await grow(transformerGrowth(from, to, 'all'), growthMethods.aki, weights);
    const name = 'self_attn.q_proj.weight';
    const sources = [0, 1].map((layer) => weights.get(layerParameter(layer, name))!.data);
    for (let layer = 0; layer < 3; layer++) {
      const own = sources[layer % 2]!;
      const next = sources[Math.min((layer % 2) + 1, 1)]!;
      // Every input is shared by its two copies.
      const expected = Array.from({ length: 256 }, (_, i) => {
        const [o, column] = [Math.floor(i / 16), (i % 16) % 8];
        return (o < 8 ? own[o * 8 + column]! : next[(o - 8) * 8 + column]!) / 2;
      });
      expect(difference(grown.get(layerParameter(layer, name))!.data, expected)).toBeLessThan(1e-6);
    }
  });

  it('starts alike with one map for all weights and with one for each type', async () => {
    const [from, to] = sizes({}, { ...twice, layers: 4 });
    const weights = weightsOf(from);
    const [shared, typed] = [growthMethods.fpi, { ...growthMethods.fpi, coupling: 'per-type' as const }];
    const ofShared = await grow(transformerGrowth(from, to, 'all'), shared, weights);
    const ofTyped = await grow(transformerGrowth(from, to, 'per-type'), typed, weights);
    const name = layerParameter(3, 'self_attn.o_proj.weight');
    expect(difference(ofTyped.get(name)!.data, ofShared.get(name)!.data)).toBeLessThan(1e-6);
  });

  it('gives the same weights for the same seed, and others for another', async () => {
    const [from, to] = sizes({}, { ...twice, layers: 4 });
    const weights = weightsOf(from);
    const plan = transformerGrowth(from, to, 'all');
    const [a, b, c] = await Promise.all([5, 5, 6].map((seed) => grow(plan, growthMethods.mango, weights, seed)));
    const name = layerParameter(1, 'mlp.up_proj.weight');
    expect(b!.get(name)!.data).toEqual(a!.get(name)!.data);
    expect(c!.get(name)!.data).not.toEqual(a!.get(name)!.data);
  });

  it('is only a little off where units have unequal numbers of copies', async () => {
    expect(await errorOf(sizes({}, { hidden: 12, heads: 4, keyValueHeads: 4 }), growthMethods.fpi)).toBeLessThan(0.9);
  });

  it.each([
    [{ headWidth: 8 }, 'headWidth is 8 in the target and 4 in the source; it must stay the same'],
    [{ layers: 1 }, "layers is 1 in the target, less than the source's 2"],
    [{ hidden: 4 }, "hidden is 4 in the target, less than the source's 8"],
    [{ tiedHead: true }, 'tiedHead is true in the target and false in the source; it must stay the same'],
  ])('refuses %j with the sizes', (to, message) => {
    const [from, target] = sizes({}, to);
    expect(() => transformerGrowth(from, target, 'all')).toThrow(message);
  });
});
