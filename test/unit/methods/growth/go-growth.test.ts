import { describe, expect, it } from 'vitest';

import { Rng } from '../../../../src/core/rng.js';
import { goGrowth } from '../../../../src/methods/growth/go-bundles.js';
import { growthMethods, type OperatorSettings } from '../../../../src/methods/growth/settings.js';
import { graph, input } from '../../../../src/nn/graph.js';
import type { Weights } from '../../../../src/nn/model-file.js';
import type { Architecture } from '../../../../src/nn/networks/architecture.js';
import { goResnet, hasPool, parameterShapes } from '../../../../src/nn/networks/go-resnet.js';
import { livelyWeights, tinyArchitecture } from '../../../support/go-training.js';
import { difference, grow, randomNumbers, runOnce } from '../../../support/grown.js';

const base = { ...tinyArchitecture, size: 4 };

async function outputsOf(architecture: Architecture, weights: Weights): Promise<Record<string, Float32Array>> {
  const { planes, globals, size } = architecture;
  const inputs = new Map([...parameterShapes(architecture)].map(([name, shape]) => [name, input(name, shape)]));
  const outputs = goResnet(
    architecture,
    (name) => inputs.get(name)!,
    input('planes', [3, planes, size, size]),
    input('globals', [3, globals]),
  );
  const batch = {
    planes: { shape: [3, planes, size, size], data: randomNumbers(3 * planes * size * size, 7) },
    globals: { shape: [3, globals], data: randomNumbers(3 * globals, 8) },
  };
  return runOnce(graph({ ...outputs }), { ...batch, ...Object.fromEntries(weights) });
}

/** The largest relative difference of any output of the grown network. */
async function errorOf(from: Architecture, to: Architecture, settings: OperatorSettings): Promise<number> {
  const weights = livelyWeights(from, new Rng(3));
  const grown = await grow(goGrowth(from, to, settings.coupling), settings, weights);
  const [before, after] = [await outputsOf(from, weights), await outputsOf(to, grown)];
  return Math.max(...Object.keys(before).map((name) => difference(after[name]!, before[name]!)));
}

describe('growing a Go network', () => {
  it.each([
    ['in width', { channels: 8 }, {}],
    ['in depth', { blocks: 5 }, {}],
    ['in width and depth', { channels: 8, blocks: 6 }, {}],
    ['into three times its width', { channels: 12, blocks: 3 }, {}],
    ['with one block, which has no global pooling', { channels: 8, blocks: 4 }, { blocks: 1 }],
    ['with four blocks', { channels: 8, blocks: 11 }, { blocks: 4 }],
  ])('keeps its function %s', async (_name, to, more) => {
    const from = { ...base, ...more };
    expect(await errorOf(from, { ...from, ...to }, growthMethods.net2net)).toBeLessThan(2e-5);
    expect(await errorOf(from, { ...from, ...to }, { ...growthMethods.katago, noise: 0 })).toBeLessThan(2e-5);
    const ranked = { ...growthMethods['mango-exact'], noise: 0, rank: 2 };
    expect(await errorOf(from, { ...from, ...to }, ranked)).toBeLessThan(2e-5);
  });

  it('keeps its function where units have unequal numbers of copies', async () => {
    expect(await errorOf(base, { ...base, channels: 6, blocks: 4 }, growthMethods.net2net)).toBeLessThan(2e-5);
  });

  it('does not keep it by stacking blocks or under noise', async () => {
    for (const settings of [growthMethods.stack, growthMethods.aki, growthMethods.mango, growthMethods.ligo]) {
      expect(await errorOf(base, { ...base, channels: 8, blocks: 5 }, settings)).toBeGreaterThan(1e-3);
    }
  });

  it('changes nothing where nothing grows', async () => {
    const weights = livelyWeights(base, new Rng(3));
    const grown = await grow(goGrowth(base, base, 'all'), growthMethods.fpi, weights);
    for (const [name, { data }] of grown) expect(data, name).toEqual(weights.get(name)!.data);
  });

  it('copies blocks with global pooling to where there is some', async () => {
    const from = { ...base, blocks: 4 };
    const weights = livelyWeights(from, new Rng(3));
    const grown = await grow(goGrowth(from, { ...from, blocks: 9 }, 'all'), growthMethods.stack, weights);
    for (let block = 0; block < 9; block++) {
      const copied = grown.get(`block${block}/filter1`)!.data;
      const source = [0, 1, 2, 3].filter((i) => difference(copied, weights.get(`block${i}/filter1`)!.data) < 1e-6);
      expect(source.map(hasPool)).toEqual([hasPool(block)]);
      if (hasPool(block)) {
        expect(grown.get(`block${block}/pool`)!.data).toEqual(weights.get(`block${source[0]!}/pool`)!.data);
      }
    }
  });

  it.each([
    [{ size: 5 }, 'size is 5 in the target and 4 in the source; it must stay the same'],
    [{ features: 'other' }, 'features is other in the target and test in the source; it must stay the same'],
    [{ channels: 3 }, "channels is 3 in the target, less than the source's 4"],
    [{ blocks: 1 }, "blocks is 1 in the target, less than the source's 2"],
  ])('refuses %j with the sizes', (to, message) => {
    expect(() => goGrowth(base, { ...base, ...to }, 'all')).toThrow(message);
  });
});
