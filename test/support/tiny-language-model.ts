/** A small real language model. */

import { Rng } from '../../src/core/rng.js';
import type { Model } from '../../src/nn/model-file.js';
import { checkTransformer, type TransformerConfiguration } from '../../src/nn/networks/transformer/configuration.js';
import { initialTransformer } from '../../src/nn/networks/transformer/parameters.js';
import { byteTokenizer } from '../../src/text/bytes.js';

/** Random weights, large enough that its likeliest tokens are far from each other; the vocabulary is that of bytes, or as large. */
export function tinyLanguageModel(
  seed = 1,
  context = 128,
  vocabulary = byteTokenizer.vocabularySize,
): Model<TransformerConfiguration> {
  const architecture = checkTransformer({
    kind: 'transformer',
    hidden: 16,
    layers: 2,
    heads: 4,
    keyValueHeads: 2,
    headWidth: 4,
    intermediate: 24,
    vocabulary,
    context,
    ropeTheta: 10_000,
    normEpsilon: 1e-5,
    queryKeyValueBias: false,
    tiedHead: false,
  });
  const weights = initialTransformer(architecture, new Rng(seed));
  for (const { data, shape } of weights.values())
    if (shape.length > 1) for (let i = 0; i < data.length; i++) data[i]! *= 12;
  return { architecture, weights, metadata: {} };
}

const endless = { pattern: { Regex: '(?:x|x)*y' } };
const words = {
  version: '1.0',
  normalizer: null,
  pre_tokenizer: null,
  post_processor: null,
  decoder: null,
  added_tokens: [],
  model: { type: 'WordLevel', vocab: { '<unk>': 0, a: 1, '</s>': 2 }, unk_token: '<unk>' },
};

/** Such a model whose vocabulary has the word 'a', and a pattern that tries every way to read `endlessText`: 2^60 of them. */
export function endlessLanguageModel(): Model<TransformerConfiguration> {
  const split = { type: 'Split', ...endless, behavior: 'Isolated', invert: false };
  return { ...tinyLanguageModel(), metadata: { tokenizer: JSON.stringify({ ...words, pre_tokenizer: split }) } };
}

/** Such a model whose vocabulary never opens, since the pattern reads that text of its own. */
export function unopenableLanguageModel(): Model<TransformerConfiguration> {
  const normalizer = { type: 'Replace', ...endless, content: '' };
  const own = { id: 3, content: endlessText, normalized: true, special: false };
  const tokenizer = JSON.stringify({ ...words, normalizer, added_tokens: [own] });
  return { ...tinyLanguageModel(), metadata: { tokenizer } };
}

/** The text that the vocabulary of `endlessLanguageModel` never makes into tokens. */
export const endlessText = 'x'.repeat(60);
