import { openEngine } from '../../../src/engine/open-engine.js';
import { cpuEngine } from '../../../src/engine/engine-settings.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onnxRuntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { ContinuousBatch, type GeneratedToken, type GenerationTask } from '../../../src/generator/continuous-batch.js';
import { Decoder } from '../../../src/generator/decoder.js';
import { transformerGraph } from '../../../src/nn/networks/transformer/whole.js';
import { packTokens } from '../../support/packed-tokens.js';
import { tinyLanguageModel } from '../../support/tiny-language-model.js';

const model = tinyLanguageModel();
const limits = { cacheBytes: 1 << 20, maxWaiting: 8, prefillTokens: 16 };
let decoder: Decoder;

beforeAll(async () => {
  decoder = await Decoder.open(await openEngine(cpuEngine), model);
});
afterAll(() => decoder.release());

const prompt = (seed: number, length: number): number[] =>
  Array.from({ length }, (_, i) => (seed * 31 + i * i * 7 + i) % 256);

const task = (id: number, changes: Partial<GenerationTask> = {}): GenerationTask => ({
  id,
  prompt: prompt(id, 5 + id),
  completions: 1,
  maxTokens: 12,
  temperature: 0,
  topP: 1,
  stopTokens: [],
  seed: id,
  ...changes,
});

async function finish(batch: ContinuousBatch): Promise<GeneratedToken[]> {
  const tokens: GeneratedToken[] = [];
  while (!batch.isIdle) tokens.push(...(await batch.step()));
  return tokens;
}

const of = (tokens: readonly GeneratedToken[], id: number, completion = 0): (number | undefined)[] =>
  tokens.filter((token) => token.id === id && token.completion === completion).map(({ token }) => token);

async function alone(one: GenerationTask): Promise<(number | undefined)[]> {
  const batch = new ContinuousBatch(decoder, limits);
  batch.add(one);
  return of(await finish(batch), one.id);
}

describe('decoding with a cache', () => {
  it('gives the logits of the whole forward pass, however the prompt is cut', async () => {
    const tokens = prompt(3, 40);
    const engine = onnxRuntimeEngine();
    const program = await engine.compile(transformerGraph(model.architecture));
    const { logits } = await program.run({ ...packTokens([tokens]), ...Object.fromEntries(model.weights) });
    const vocabulary = model.architecture.vocabulary;
    const whole = (logits!.data as Float32Array).slice(-vocabulary);
    const cache = decoder.makeCache();
    let last = new Float32Array(0);
    for (const part of [tokens.slice(0, 17), tokens.slice(17, 39), tokens.slice(39)]) {
      last = (await decoder.read([{ cache, tokens: part }]))[0]!.slice();
    }
    const scale = Math.max(...whole.map(Math.abs));
    whole.forEach((value, i) => expect(Math.abs(last[i]! - value)).toBeLessThan(1e-4 * scale));
    const every = await decoder.logits(tokens);
    expect(every.length).toBe(40 * vocabulary);
    whole.forEach((value, i) => expect(Math.abs(every[39 * vocabulary + i]! - value)).toBeLessThan(1e-4 * scale));
    const pieces = await decoder.logits(tokens, 17);
    expect(pieces.length).toBe(every.length);
    every.forEach((value, i) => expect(Math.abs(pieces[i]! - value)).toBeLessThan(1e-4 * scale));
    await program.release();
  });
});

describe('a batch', () => {
  it('gives a caller what it would give it alone, whoever joins and leaves', async () => {
    const tasks = [0, 1, 2, 3, 4].map((id) => task(id, { prompt: prompt(id, 3 + 13 * id), maxTokens: 6 + 3 * id }));
    const expected: (number | undefined)[][] = [];
    for (const one of tasks) expected.push(await alone(one));
    const batch = new ContinuousBatch(decoder, limits);
    const tokens: GeneratedToken[] = [];
    for (const one of tasks) {
      batch.add(one);
      tokens.push(...(await batch.step()));
    }
    tokens.push(...(await finish(batch)));
    tasks.forEach(({ id }, i) => expect(of(tokens, id)).toEqual(expected[i]));
    expect(new Set(expected.map((one) => one.join())).size).toBe(5);
  });

  it('reads a prompt once for several completions, which differ and are repeated by their seed', async () => {
    const sampled = task(1, { completions: 4, temperature: 1, seed: 9 });
    const runs = [];
    for (let i = 0; i < 2; i++) {
      const batch = new ContinuousBatch(decoder, limits);
      batch.add(sampled);
      const tokens = await finish(batch);
      runs.push([0, 1, 2, 3].map((completion) => of(tokens, 1, completion)));
    }
    expect(runs[1]).toEqual(runs[0]);
    expect(new Set(runs[0]!.map((one) => one.join())).size).toBe(4);
    expect(runs[0]!.every(({ length }) => length === 12)).toBe(true);
    expect(await alone({ ...sampled, completions: 1 })).toEqual(runs[0]![0]);
  });

  it('ends at a stop token, which is not part of the text', async () => {
    const sampled = task(2, { temperature: 1 });
    const free = await alone(sampled);
    const at = free.findIndex((token, i) => i > 1 && !free.slice(0, i).includes(token));
    const stopped = await alone({ ...sampled, stopTokens: [free[at]!] });
    expect(at).toBeGreaterThan(1);
    expect(stopped).toEqual([...free.slice(0, at), undefined]);
  });

  it('says why a completion ended', async () => {
    const batch = new ContinuousBatch(decoder, limits);
    batch.add(task(0, { maxTokens: 3 }));
    expect((await finish(batch)).map(({ finishReason }) => finishReason)).toEqual([undefined, undefined, 'length']);
  });

  it('frees the place of a cancelled task at once', async () => {
    const bytes = 2 * 2 * 2 * 4 * 4 * (5 + 12);
    const batch = new ContinuousBatch(decoder, { ...limits, cacheBytes: bytes });
    batch.add(task(0));
    batch.add(task(1, { prompt: prompt(1, 5) }));
    expect(of(await batch.step(), 1)).toEqual([]);
    batch.cancel(0);
    expect(of(await batch.step(), 1)).toHaveLength(1);
    batch.cancel(1);
    expect(batch.isIdle).toBe(true);
  });

  it.each([
    [{ prompt: [] }, 'The prompt is empty'],
    [{ prompt: [300] }, 'The prompt has token 300; the model knows 0 to 258'],
    [{ maxTokens: 0 }, 'max_tokens is 0; it must be at least 1'],
    [{ maxTokens: 200 }, 'The prompt has 5 tokens and max_tokens is 200; together at most 128 fit'],
    [{ completions: 60, maxTokens: 100 }, 'bytes of cache; the server has 800000'],
  ])('refuses %j', (changes, message) => {
    const batch = new ContinuousBatch(decoder, { ...limits, cacheBytes: 800_000 });
    expect(() => batch.add(task(0, changes))).toThrow(message);
  });

  it('refuses what would wait behind too many', () => {
    const batch = new ContinuousBatch(decoder, { ...limits, maxWaiting: 1 });
    batch.add(task(0));
    expect(() => batch.add(task(1))).toThrow(expect.objectContaining({ kind: 'resource-exhausted' }));
  });
});
