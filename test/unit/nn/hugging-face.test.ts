import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/rng.js';
import { decodeAnyModel, decodeModel, decodeTransformer, encodeModel } from '../../../src/nn/model-file.js';
import { checkTransformer } from '../../../src/nn/networks/transformer/configuration.js';
import { readHuggingFace, writeHuggingFace } from '../../../src/nn/networks/transformer/hugging-face.js';
import { initialTransformer } from '../../../src/nn/networks/transformer/parameters.js';
import { decodeSafetensors, encodeSafetensors } from '../../../src/nn/safetensors.js';

const model = (tiedHead: boolean, queryKeyValueBias = false) => {
  const architecture = checkTransformer({
    hidden: 16,
    layers: 2,
    heads: 4,
    keyValueHeads: 2,
    headWidth: 4,
    intermediate: 24,
    vocabulary: 30,
    context: 32,
    ropeTheta: 10_000,
    normEpsilon: 1e-5,
    queryKeyValueBias,
    tiedHead,
    kind: 'transformer',
  });
  return { architecture, weights: initialTransformer(architecture, new Rng(1)), metadata: {} };
};

describe('a Hugging Face checkpoint', () => {
  it.each([
    [true, true],
    [false, false],
  ])('is read as it was written (tied head: %s, biases: %s)', (tied, biases) => {
    const original = model(tied, biases);
    expect(readHuggingFace(writeHuggingFace(original))).toEqual(original);
  });

  it('may be sharded', () => {
    const { config, tensors } = writeHuggingFace(model(false));
    const all = [...decodeSafetensors(tensors[0]!).tensors];
    const shards = [all.slice(0, 7), all.slice(7)].map((part) =>
      encodeSafetensors(
        new Map(part.map(([name, { shape, data }]) => [name, { shape, data: data as Float32Array }])),
        {},
      ),
    );
    expect(readHuggingFace({ config, tensors: shards.toReversed() }).weights.size).toBe(all.length);
  });

  it('takes defaults where a configuration is silent', () => {
    const { config, tensors } = writeHuggingFace(model(true));
    const silent = { ...(JSON.parse(config) as object), head_dim: undefined, rope_theta: undefined };
    expect(readHuggingFace({ config: JSON.stringify(silent), tensors }).architecture).toMatchObject({
      headWidth: 4,
      ropeTheta: 10_000,
    });
  });

  it('may keep its rotary base where newer libraries write it', () => {
    const { config, tensors } = writeHuggingFace(model(true));
    const rope = { rope_type: 'default', rope_theta: 500_000 };
    const newer = { ...(JSON.parse(config) as object), rope_theta: undefined, rope_parameters: rope };
    expect(readHuggingFace({ config: JSON.stringify(newer), tensors }).architecture.ropeTheta).toBe(500_000);
  });

  it.each([
    [{ model_type: 'gpt2' }, 'model_type is "gpt2"; it must be llama, qwen2, mistral'],
    [{ hidden_act: 'gelu' }, 'hidden_act is "gelu"; it must be "silu"'],
    [{ rope_scaling: { factor: 8 } }, 'scaled rotary positions are not supported'],
    [{ rope_parameters: { rope_type: 'llama3', rope_theta: 1 } }, 'scaled rotary positions are not supported'],
    [{ num_hidden_layers: 3 }, "Parameter 'model.layers.2.input_layernorm.weight' is missing"],
    [{ num_hidden_layers: 1 }, "Parameter 'model.layers.1.input_layernorm.weight' does not belong"],
    [{ vocab_size: 31 }, "Parameter 'model.embed_tokens.weight' has shape [30, 16]; it must be [31, 16]"],
    [{ tie_word_embeddings: false }, 'if the head is tied, tie_word_embeddings must be true'],
    [{ num_hidden_layers: undefined }, 'Architecture layers is missing; it must be a whole number from 1 to 256'],
  ])('is refused with %j', (change, message) => {
    const { config, tensors } = writeHuggingFace(model(true));
    const changed = JSON.stringify({ ...(JSON.parse(config) as object), ...change });
    expect(() => readHuggingFace({ config: changed, tensors })).toThrow(message);
  });
});

describe('a model file of a language model', () => {
  it('is read as it was written, and as nothing else', () => {
    const original = { ...model(true), metadata: { trainedBy: 'test' } };
    const bytes = encodeModel(original);
    expect(decodeTransformer(bytes)).toEqual(original);
    expect(decodeAnyModel(bytes)).toEqual(original);
    expect(() => decodeModel(bytes)).toThrow('The model is a language model; wanted is a Go network');
  });
});
