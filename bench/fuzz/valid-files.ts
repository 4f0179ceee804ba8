/** Small files as users send them, to be damaged. */

import { Rng } from '../../src/core/rng.js';
import { katago7 } from '../../src/go/katago-features.js';
import { tengen1 } from '../../src/go/tengen-features.js';
import { encodeModel } from '../../src/nn/model-file.js';
import { initialWeights } from '../../src/nn/networks/go-network.js';
import { newKatago } from '../../src/nn/networks/katago/new-network.js';
import { checkTransformer } from '../../src/nn/networks/transformer/configuration.js';
import { initialTransformer } from '../../src/nn/networks/transformer/parameters.js';
import { encodeSafetensors } from '../../src/nn/safetensors.js';
import { byteTokenizer } from '../../src/text/bytes.js';

/** Points on a side of the board that the networks play. */
export const SIZE = 5;

/** A Go network of our own. */
export function goFile(): Buffer {
  const { planes, globals, name: features } = tengen1;
  const architecture = { kind: 'go-resnet', size: SIZE, blocks: 1, channels: 8, planes, globals, features } as const;
  return Buffer.from(encodeModel({ architecture, weights: initialWeights(architecture, new Rng(1)), metadata: {} }));
}

/** A network that KataGo could play, in our own file. */
export function katagoFile(): Buffer {
  const { planes, globals, name: features } = katago7;
  const architecture = newKatago({ size: SIZE, blocks: 2, channels: 8, planes, globals, features });
  return Buffer.from(encodeModel({ architecture, weights: initialWeights(architecture, new Rng(2)), metadata: {} }));
}

/** A language model over bytes. */
export function languageFile(): Buffer {
  const architecture = checkTransformer({
    kind: 'transformer',
    hidden: 16,
    layers: 1,
    heads: 2,
    keyValueHeads: 1,
    headWidth: 8,
    intermediate: 24,
    vocabulary: byteTokenizer.vocabularySize,
    context: 64,
    ropeTheta: 10_000,
    normEpsilon: 1e-5,
    queryKeyValueBias: false,
    tiedHead: false,
  });
  return Buffer.from(
    encodeModel({ architecture, weights: initialTransformer(architecture, new Rng(3)), metadata: {} }),
  );
}

/** A checkpoint of somebody else's network: two layers of a matrix. */
export function foreignCheckpoint(): Buffer {
  const tensor = (...shape: number[]): { shape: number[]; data: Float32Array } => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i / 7),
  });
  const tensors = { 'layers.0.w': tensor(4, 4), 'layers.1.w': tensor(4, 4), head: tensor(3, 4), other: tensor(2) };
  return Buffer.from(encodeSafetensors(new Map(Object.entries(tensors)), { step: '7' }));
}

/** Samples of all forms, one a line. */
export const sampleLines: readonly string[] = [
  { text: 'abc abc' },
  { prompt: 'say it: ', completion: 'abc' },
  {
    messages: [
      { role: 'system', content: 's' },
      { role: 'user', content: 'u' },
      { role: 'assistant', content: 'a' },
    ],
  },
].map((sample) => JSON.stringify(sample));

/** Tasks with answers, one a line. */
export const taskLines: readonly string[] = [
  { prompt: 'say 1=', answer: 'odd', family: 'say', level: 1 },
  { question: 'say 2=', answer: 'numeric: 2', family: 'say', level: 2 },
  { prompt: 'say 3=', answer: 'regex: ^o.d$' },
].map((task) => JSON.stringify(task));
