import * as tf from '@tensorflow/tfjs';
import { onnxRuntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { tensorflowEngine } from '../../../src/engine/tensorflow/engine.js';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/rng.js';
import { Decoder } from '../../../src/generator/decoder.js';
import { GroupGenerator, type GroupSettings } from '../../../src/generator/group-generator.js';
import { tinyLanguageModel } from '../../support/tiny-language-model.js';

const model = tinyLanguageModel();
const weights = Object.fromEntries(model.weights);
const prompts = [
  [5, 6, 7, 8, 9],
  [5, 6, 200],
  [5, 6, 40, 41, 42, 43, 44, 45, 46],
];
const settings: GroupSettings = {
  completions: 3,
  maxTokens: 7,
  stopTokens: [],
  temperature: 1,
  topP: 1,
  prefixTokens: 2,
  rng: (prompt, completion) => new Rng(1000 * prompt + completion),
};

const logSoftmax = (logits: Float32Array, token: number): number => {
  const highest = Math.max(...logits);
  return logits[token]! - highest - Math.log(logits.reduce((sum, x) => sum + Math.exp(x - highest), 0));
};

await tf.setBackend('cpu');

describe.each([onnxRuntimeEngine(), tensorflowEngine(tf)])('GroupGenerator on $name', (engine) => {
  it('draws tokens with the likelihood that the model gives them when it reads each sequence alone', async () => {
    const generator = await GroupGenerator.open(engine, model.architecture, () => weights);
    const decoder = await Decoder.open(engine, model);
    const groups = await generator.generate(prompts, { ...settings, temperature: 0.7 });
    const { vocabulary } = model.architecture;
    for (const [i, { completions }] of groups.entries()) {
      expect(completions).toHaveLength(3);
      for (const { tokens, logProbabilities, isStopped } of completions) {
        expect(tokens).toHaveLength(7);
        expect(isStopped).toBe(false);
        const logits = await decoder.logits([...prompts[i]!, ...tokens]);
        tokens.forEach((token, t) => {
          const row = prompts[i]!.length - 1 + t;
          const tempered = logits.slice(row * vocabulary, (row + 1) * vocabulary).map((x) => x / 0.7);
          expect(logProbabilities[t]).toBeCloseTo(logSoftmax(tempered, token), 3);
        });
      }
    }
    await generator.close();
  });

  it('takes the likeliest tokens at temperature 0, as greedy decoding alone does', async () => {
    const generator = await GroupGenerator.open(engine, model.architecture, () => weights);
    const decoder = await Decoder.open(engine, model);
    const groups = await generator.generate(prompts, { ...settings, completions: 1, temperature: 0 });
    for (const [i, { completions }] of groups.entries()) {
      const text = [...prompts[i]!];
      for (const token of completions[0]!.tokens) {
        const last = (await decoder.logits(text)).slice(-model.architecture.vocabulary);
        expect(token).toBe(last.indexOf(Math.max(...last)));
        text.push(token);
      }
    }
    await generator.close();
  });

  it('ends completions at stop tokens, keeps them, and lets the others go on as if nothing had left', async () => {
    const generator = await GroupGenerator.open(engine, model.architecture, () => weights);
    const free = await generator.generate(prompts, settings);
    const stop = free[1]!.completions[1]!.tokens[2]!;
    const stopped = await generator.generate(prompts, { ...settings, stopTokens: [stop] });
    stopped.forEach(({ completions }, i) => {
      completions.forEach(({ tokens, isStopped }, j) => {
        const whole = free[i]!.completions[j]!.tokens;
        const end = whole.indexOf(stop);
        expect(isStopped).toBe(end >= 0);
        expect(tokens).toEqual(end < 0 ? whole : whole.slice(0, end + 1));
      });
    });
    await generator.close();
  });

  it('summarises a prompt alike beside any others, with and without drawing', async () => {
    const generator = await GroupGenerator.open(engine, model.architecture, () => weights);
    const [together] = await generator.generate(prompts, settings);
    const alone = await generator.summarise([prompts[0]!], 2);
    const other = await generator.summarise([prompts[2]!, prompts[0]!], 2);
    expect(alone[0]!.length).toBe(3);
    for (const summary of [together!.summary, other[1]!]) {
      summary.question.forEach((x, i) => expect(x).toBeCloseTo(alone[0]!.question[i]!, 5));
      summary.prefix.forEach((x, i) => expect(x).toBeCloseTo(alone[0]!.prefix[i]!, 5));
    }
    // A causal model's prefix does not know the question.
    other[0]!.prefix.forEach((x, i) => expect(x).toBeCloseTo(alone[0]!.prefix[i]!, 5));
    expect(Math.hypot(...alone[0]!.question)).toBeLessThanOrEqual(1.00001);
    await generator.close();
  });

  it('refuses a prompt that leaves no room in the context', async () => {
    const generator = await GroupGenerator.open(engine, model.architecture, () => weights);
    await expect(generator.generate([Array.from({ length: 125 }, () => 1)], settings)).rejects.toThrow(
      'Prompt 0 has 125 tokens and 7 may follow; together at most 128 fit',
    );
    await generator.close();
  });
});
