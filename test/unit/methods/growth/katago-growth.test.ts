import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src/core/rng.js';
import { katagoGrowth, katagoTarget } from '../../../../src/methods/growth/katago-bundles.js';
import { growthMethods, type OperatorSettings } from '../../../../src/methods/growth/settings.js';
import { graph, input } from '../../../../src/nn/graph.js';
import type { Weights } from '../../../../src/nn/model-file.js';
import { goParameters, parameterInputs } from '../../../../src/nn/networks/go-network.js';
import { type KatagoArchitecture, checkKatago } from '../../../../src/nn/networks/katago/architecture.js';
import { katagoNetwork } from '../../../../src/nn/networks/katago/network.js';
import { newKatago } from '../../../../src/nn/networks/katago/new-network.js';
import { readKatago } from '../../../../src/nn/networks/katago/read-file.js';
import { livelyWeights } from '../../../support/go-training.js';
import { difference, grow, randomNumbers, runOnce } from '../../../support/grown.js';
import { sketchKatago } from '../../../support/katago-network.js';

const own = newKatago({ size: 4, blocks: 3, channels: 4, planes: 22, globals: 19, features: 'katago-7' });
const nested = readKatago(
  sketchKatago({ version: 15, blocks: [['ordinary', 'pool'], 'ordinary'], activation: 'ACTIVATION_MISH' }).bytes,
).architecture;

async function outputsOf(architecture: KatagoArchitecture, weights: Weights): Promise<Record<string, Float32Array>> {
  const parameters = parameterInputs(architecture);
  const planes = input('planes', [2, 22, 4, 4]);
  const globals = input('globals', [2, 19]);
  const raw = katagoNetwork(architecture, (name) => parameters.get(name)!, planes, globals);
  const batch = {
    planes: { shape: [2, 22, 4, 4], data: randomNumbers(2 * 22 * 16, 7) },
    globals: { shape: [2, 19], data: randomNumbers(2 * 19, 8) },
  };
  return runOnce(graph({ ...raw }), { ...batch, ...Object.fromEntries(weights) });
}

async function errorOf(from: KatagoArchitecture, to: KatagoArchitecture, settings: OperatorSettings): Promise<number> {
  const weights = livelyWeights(from, new Rng(3));
  const grown = await grow(katagoGrowth(from, to), settings, weights);
  const [before, after] = [await outputsOf(from, weights), await outputsOf(to, grown)];
  return Math.max(...Object.keys(before).map((name) => difference(after[name]!, before[name]!)));
}

describe('growing a KataGo network', () => {
  it.each([
    ['of ours in width', own, { channels: 8, blocks: 0 }],
    ['of ours in depth', own, { channels: 0, blocks: 7 }],
    ['of ours in both', own, { channels: 6, blocks: 5 }],
    ['with bottlenecks in width', nested, { channels: 10, blocks: 0 }],
    ['with bottlenecks in both', nested, { channels: 8, blocks: 5 }],
  ])('keeps its function, %s', async (_name, from, sizes) => {
    const to = katagoTarget(from, sizes);
    expect(checkKatago(to)).toEqual(to);
    expect(await errorOf(from, to, growthMethods.net2net)).toBeLessThan(2e-5);
    const ranked = { ...growthMethods['mango-exact'], noise: 0, rank: 2 };
    expect(await errorOf(from, to, ranked)).toBeLessThan(2e-5);
  });

  it('does not keep it by stacking blocks', async () => {
    expect(await errorOf(own, katagoTarget(own, { channels: 0, blocks: 6 }), growthMethods.stack)).toBeGreaterThan(
      1e-3,
    );
  });

  it('makes new blocks as the old ones in turn, and every parameter', async () => {
    const to = katagoTarget(own, { channels: 8, blocks: 8 });
    expect(to.blocks.map(({ kind }) => kind === 'pool')).toEqual([0, 1, 0, 0, 1, 0, 0, 1].map(Boolean));
    const grown = await grow(katagoGrowth(own, to), growthMethods.stack, livelyWeights(own, new Rng(1)));
    for (const { name, shape } of goParameters(to)) {
      expect(grown.get(name)?.shape, name).toEqual(shape);
      expect(
        grown.get(name)!.data.some((value) => value !== 0),
        name,
      ).toBe(true);
    }
  });

  it('refuses to shrink, with the sizes', () => {
    expect(() => katagoGrowth(own, katagoTarget(own, { channels: 3, blocks: 0 }))).toThrow(
      /channels is 3 .* source's 4/,
    );
    expect(() => katagoGrowth(own, katagoTarget(own, { channels: 0, blocks: 2 }))).toThrow(/blocks is 2 .* source's 3/);
  });
});
