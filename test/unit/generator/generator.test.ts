import { cpuEngine } from '../../../src/engine/engine-settings.js';
import { afterAll, describe, expect, it } from 'vitest';
import { Generator, type TextModel } from '../../../src/generator/generator.js';
import { orAborted } from '../../../src/core/signals.js';
import type { SpokenToken } from '../../../src/generator/speech.js';
import { encodeModel } from '../../../src/nn/model-file.js';
import { byteTokenizer } from '../../../src/text/bytes.js';
import { modelTokenizer } from '../../../src/text/model-tokenizer.js';
import { endlessLanguageModel, tinyLanguageModel } from '../../support/tiny-language-model.js';

const files = {
  resolve: (name: string): Promise<string> => Promise.resolve(`${name}@1`),
  read: (ref: string): Promise<Uint8Array> =>
    Promise.resolve(encodeModel(ref === 'words@1' ? endlessLanguageModel() : tinyLanguageModel(ref.length))),
};
const limits = { cacheBytes: 1 << 20, maxWaiting: 8, prefillTokens: 16 };
const settings = { ...limits, engine: cpuEngine, loadedModels: 1 };
const generator = new Generator(files, settings, () => Promise.resolve([]));
afterAll(() => generator.close());

async function speak(model: TextModel, prompt: readonly number[], maxTokens = 3): Promise<number> {
  const settings = { completions: 1, maxTokens, temperature: 0, topP: 1, stopTokens: [], seed: 1 };
  const tokens = [];
  for await (const { token } of model.generate({ ...settings, prompt }, new AbortController().signal))
    tokens.push(token);
  return tokens.length;
}

/** Completions of one prompt, token by token. */
async function say(model: TextModel, stops: readonly string[], maxTokens = 40): Promise<SpokenToken[]> {
  const asked = { completions: 2, maxTokens, temperature: 1, topP: 1, stopTokens: [], seed: 1 };
  const said: SpokenToken[] = [];
  const signal = new AbortController().signal;
  for await (const token of model.generate({ ...asked, prompt: [1], stops }, signal)) said.push(token);
  return said;
}

const textOf = (said: readonly SpokenToken[], wanted = 0): string =>
  said.map(({ completion, text }) => (completion === wanted ? text : '')).join('');

describe('the text of what is generated', () => {
  it('comes with the tokens, and ends a completion at a stop text alone', async () => {
    const model = await generator.model('speaker');
    const free = await say(model, []);
    expect(free).toHaveLength(80);
    const own = free.filter(({ completion }) => completion === 0).map(({ token }) => token!);
    expect(textOf(free)).toBe(byteTokenizer.decode(own));
    const stop = textOf(free).slice(10, 12);
    const stopped = await say(model, [stop]);
    expect(textOf(stopped)).toBe(textOf(free).slice(0, textOf(free).indexOf(stop)));
    expect(stopped.filter(({ completion }) => completion === 0).at(-1)).toMatchObject({ finishReason: 'stop' });
    const ends = stopped.filter(({ finishReason }) => finishReason !== undefined);
    expect(ends.map(({ completion }) => completion).sort()).toEqual([0, 1]);
  });

  it("is of the model's own vocabulary", async () => {
    const model = await generator.model('words');
    const said = await say(model, [], 100);
    const tokenizer = modelTokenizer(endlessLanguageModel().metadata, model.vocabulary);
    const own = said.filter(({ completion }) => completion === 0).map(({ token }) => token!);
    expect(textOf(said)).toBe(tokenizer.decode(own));
  });

  it('is not waited for when the generator closes', async () => {
    const never = new Promise<never>(() => undefined);
    const unending = new Generator(files, settings, (_, signal) => orAborted(never, signal));
    const opening = expect(unending.model('words')).rejects.toMatchObject({ kind: 'unavailable' });
    await unending.close();
    await opening;
  });
});

describe('the generator', () => {
  it('starts a model again whose thread has died, after failing what it was at', async () => {
    const model = await generator.model('speaker');
    // Half a token gets past the thread's checks of the range and fails the session.
    await expect(speak(model, [1.5])).rejects.toThrow("The thread 'generator' ended unexpectedly");
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
