/**
 * Tokens a second of the generator: one caller, and sixteen in one continuous batch, each with a prompt of its own. What
 * sixteen gain over one is what batching is for; it is a ratio within one run.
 *
 *   npm run bench -- generation [--layers 4] [--hidden 256] [--tokens 128] --json
 */

import { cpuEngine } from '../src/engine/engine-settings.js';
import { parseArgs } from 'node:util';
import { Rng } from '../src/core/rng.js';
import { encodeModel } from '../src/nn/model-file.js';
import { checkTransformer } from '../src/nn/networks/transformer/configuration.js';
import { initialTransformer } from '../src/nn/networks/transformer/parameters.js';
import { Generator } from '../src/generator/generator.js';
import { byteTokenizer } from '../src/text/bytes.js';

const callers = 16;

/** Keys: `tokensPerSecond1`, `tokensPerSecond16`, `gain` of batching, and the sizes. */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      layers: { type: 'string', default: '4' },
      hidden: { type: 'string', default: '256' },
      tokens: { type: 'string', default: '128' },
    },
  });
  const [layers, hidden, tokens] = [Number(values.layers), Number(values.hidden), Number(values.tokens)];
  const architecture = checkTransformer({
    kind: 'transformer',
    hidden,
    layers,
    heads: hidden / 32,
    keyValueHeads: hidden / 64,
    headWidth: 32,
    intermediate: 3 * hidden,
    vocabulary: byteTokenizer.vocabularySize,
    context: 1024,
    ropeTheta: 10_000,
    normEpsilon: 1e-6,
    queryKeyValueBias: false,
    tiedHead: true,
  });
  const file = encodeModel({ architecture, weights: initialTransformer(architecture, new Rng(1)), metadata: {} });
  const files = { resolve: (name: string) => Promise.resolve(name), read: () => Promise.resolve(file) };
  const limits = { cacheBytes: 1 << 30, maxWaiting: 256, prefillTokens: 256, loadedModels: 1 };
  const generator = new Generator(files, { ...limits, engine: cpuEngine }, () => Promise.resolve([]));
  const model = await generator.model('bench');
  const { signal } = new AbortController();
  const one = async (seed: number): Promise<void> => {
    const prompt = byteTokenizer.encode('The beginning of a text that goes on. '.repeat(2) + String(seed));
    const asked = { prompt, completions: 1, maxTokens: tokens, temperature: 1, topP: 1, stopTokens: [], seed };
    const answers = model.generate(asked, signal);
    while (!(await answers.next()).done);
  };
  const speed = async (count: number): Promise<number> => {
    const start = performance.now();
    await Promise.all(Array.from({ length: count }, (_, i) => one(i)));
    return (1000 * count * tokens) / (performance.now() - start);
  };
  await speed(1);
  const alone = await speed(1);
  const together = await speed(callers);
  await generator.close();
  return { tokensPerSecond1: alone, tokensPerSecond16: together, gain: together / alone, layers, hidden, tokens };
}
