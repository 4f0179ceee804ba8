import { describe, expect, test } from 'vitest';

import { Rng } from '../../../src/core/rng.js';
import { decodeModel, encodeModel, type Model } from '../../../src/nn/model-file.js';
import type { Architecture } from '../../../src/nn/networks/architecture.js';
import { initialWeights } from '../../../src/nn/networks/go-network.js';
import { encodeSafetensors } from '../../../src/nn/safetensors.js';
import { tinyArchitecture } from '../../support/go-training.js';

function model(change: Partial<Model> = {}): Model {
  const weights = initialWeights(tinyArchitecture, new Rng(1));
  return { architecture: tinyArchitecture, weights, metadata: { job: 'j1', step: '12' }, ...change };
}

/** A file with `architecture` as given, right or wrong. */
function fileOf(architecture: unknown, metadata: Record<string, string> = {}): Uint8Array {
  const json = typeof architecture === 'string' ? architecture : JSON.stringify(architecture);
  return encodeSafetensors(model().weights, { format: 'tengen-model-1', architecture: json, ...metadata });
}

test('a model comes back as it was', () => {
  const original = model();
  const read = decodeModel(encodeModel(original));
  expect(read.architecture).toEqual(original.architecture);
  expect(read.metadata).toEqual(original.metadata);
  expect(new Map(read.weights)).toEqual(new Map(original.weights));
});

test('the same model gives the same bytes, whatever the order of its parts', () => {
  const original = model();
  const shuffled: Model = {
    architecture: Object.fromEntries(Object.entries(tinyArchitecture).reverse()) as unknown as Architecture,
    weights: new Map([...original.weights].reverse()),
    metadata: { step: '12', job: 'j1' },
  };
  const bytes = encodeModel(original);
  expect(encodeModel(shuffled)).toEqual(bytes);
  expect(encodeModel(decodeModel(bytes))).toEqual(bytes);
  expect(encodeModel(model({ metadata: {} }))).not.toEqual(bytes);
});

describe.each<[string, (weights: Map<string, { shape: readonly number[]; data: Float32Array }>) => void, RegExp]>([
  ['a missing tensor', (w) => w.delete('stem/bias'), /Parameter 'stem\/bias' is missing/],
  ['an extra tensor', (w) => w.set('extra', w.get('stem/bias')!), /'extra' does not belong/],
  [
    'a wrong shape',
    (w) => w.set('stem/bias', { shape: [2, 2], data: new Float32Array(4) }),
    /'stem\/bias' has shape \[2, 2\]; it must be \[4\]/,
  ],
  ['a number that is not one', (w) => w.get('stem/bias')!.data.fill(NaN, 2), /'stem\/bias' holds NaN at index 2/],
  [
    'an infinite weight',
    (w) => w.get('policy/bias')!.data.fill(-Infinity),
    /'policy\/bias' holds -Infinity at index 0/,
  ],
])('%s', (_, spoil, message) => {
  const weights = initialWeights(tinyArchitecture, new Rng(1));
  spoil(weights);

  test('is refused by reading and by writing', () => {
    const metadata = { format: 'tengen-model-1', architecture: JSON.stringify(tinyArchitecture) };
    expect(() => decodeModel(encodeSafetensors(weights, metadata))).toThrow(message);
    expect(() => encodeModel(model({ weights }))).toThrow(message);
  });
});

test.each<[string, Uint8Array, RegExp]>([
  ['a file of another kind', encodeSafetensors(new Map()), /format is missing; a model has 'tengen-model-1'/],
  ['a later format', fileOf(tinyArchitecture, { format: 'tengen-model-2' }), /format is "tengen-model-2"/],
  ['an architecture that is not JSON', fileOf('{'), /architecture is not JSON$/],
  ['an architecture that is no object', fileOf(null), /must be an object/],
  ['an unknown architecture', fileOf({ ...tinyArchitecture, kind: 'go-mlp' }), /kind is "go-mlp"; .* 'go-resnet'/],
  ['an unknown field', fileOf({ ...tinyArchitecture, dropout: 1 }), /Unknown architecture field 'dropout'/],
  [
    'a board too large',
    fileOf({ ...tinyArchitecture, size: 20 }),
    /size is 20; it must be a whole number from 2 to 19/,
  ],
  ['half a block', fileOf({ ...tinyArchitecture, blocks: 1.5 }), /blocks is 1.5/],
  ['no features', fileOf({ ...tinyArchitecture, features: '' }), /features is ""/],
  ['more blocks than weights', fileOf({ ...tinyArchitecture, blocks: 3 }), /'block2\/filter1' is missing/],
  [
    'a text file',
    new TextEncoder().encode('hello, world, this is no model'),
    /^The file is no model file: it does not begin with the length of a safetensors header that fits into it$/,
  ],
])('%s is refused', (_, bytes, message) => {
  expect(() => decodeModel(bytes)).toThrow(message);
  expect(() => decodeModel(bytes)).toThrow(expect.objectContaining({ kind: 'invalid-argument' }));
});

test('the header keys of the format cannot be overwritten', () => {
  expect(() => encodeModel(model({ metadata: { format: 'mine' } }))).toThrow(/'format' is written by the model file/);
});
