import { afterAll, describe, expect, it } from 'vitest';
import { Generator, type LoadedModel } from '../../../src/generator/generator.js';
import { encodeModel } from '../../../src/nn/model-file.js';
import { tinyLanguageModel } from '../../support/tiny-language-model.js';

const files = {
  resolve: (name: string): Promise<string> => Promise.resolve(`${name}@1`),
  read: (ref: string): Promise<Uint8Array> => Promise.resolve(encodeModel(tinyLanguageModel(ref.length))),
};
const limits = { cacheBytes: 1 << 20, maxWaiting: 8, prefillTokens: 16 };
const generator = new Generator(files, { ...limits, provider: 'cpu', loadedModels: 1 });
afterAll(() => generator.close());

async function speak(model: LoadedModel, prompt: readonly number[], maxTokens = 3): Promise<number> {
  const settings = { completions: 1, maxTokens, temperature: 0, topP: 1, stopTokens: [], seed: 1 };
  const tokens = [];
  for await (const { token } of model.generate({ ...settings, prompt }, new AbortController().signal))
    tokens.push(token);
  return tokens.length;
}

describe('the generator', () => {
  it('starts a model again whose thread has died, after failing what it was at', async () => {
    const model = await generator.model('speaker');
    // Half a token gets past the thread's checks of the range and fails the session.
    await expect(speak(model, [1.5])).rejects.toThrow(/generating thread failed/);
    expect(await speak(await generator.model('speaker'), [1])).toBe(3);
  });

  it('lets an idle model go for another, and loads it again when asked', async () => {
    const first = await generator.model('one');
    const second = await generator.model('another');
    await expect(speak(first, [1])).rejects.toThrow('The model was unloaded');
    expect(await speak(second, [1])).toBe(3);
    expect(await speak(await generator.model('one'), [1])).toBe(3);
  });

  it('keeps a model that is generating', async () => {
    const busy = await generator.model('one');
    const speaking = speak(busy, [1], 100);
    await generator.model('another');
    expect(await speaking).toBe(100);
  });
});
