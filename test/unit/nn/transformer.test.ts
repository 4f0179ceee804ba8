import * as tf from '@tensorflow/tfjs';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/rng.js';
import type { Engine, NamedTensors } from '../../../src/engine/engine.js';
import { onnxRuntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { tensorflowEngine } from '../../../src/engine/tensorflow/engine.js';
import { next } from '../../../src/nn/graph.js';
import { checkTransformer, type TransformerConfiguration } from '../../../src/nn/networks/transformer/configuration.js';
import {
  EMBEDDING,
  initialTransformer,
  layerParameter,
  transformerParameters,
} from '../../../src/nn/networks/transformer/parameters.js';
import {
  backwardPiece,
  forwardPiece,
  gradientName,
  type PieceName,
} from '../../../src/nn/networks/transformer/pieces.js';
import { transformerGraph, transformerStep } from '../../../src/nn/networks/transformer/whole.js';
import { decodeSafetensors } from '../../../src/nn/safetensors.js';
import { type TensorData, sizeOf } from '../../../src/nn/types.js';
import { column, packTargets, packTokens, scalar } from '../../support/packed-tokens.js';

interface Reference {
  readonly configuration: TransformerConfiguration;
  readonly sequences: readonly (readonly number[])[];
  readonly logits: readonly (readonly number[])[];
  readonly losses: readonly number[];
  readonly gradientNorms: readonly number[];
}

const data = (name: string): URL => new URL(`../../data/transformer/${name}`, import.meta.url);
const families = ['llama', 'qwen2'].map((family) => {
  const reference = JSON.parse(readFileSync(data(`${family}.json`), 'utf8')) as Reference;
  const { tensors } = decodeSafetensors(readFileSync(data(`${family}.safetensors`)));
  const weights = Object.fromEntries(
    [...tensors].map(([name, tensor]) => [name, { shape: tensor.shape, data: tensor.data as Float32Array }]),
  );
  return { family, ...reference, weights };
});

const furthest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
};

const engine = onnxRuntimeEngine();
const oracle = (): Engine => tensorflowEngine(tf);

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(families)(
  'a $family checkpoint',
  ({ configuration, sequences, logits, losses, gradientNorms, weights }) => {
    it('has the parameters that its configuration says', () => {
      const shapes = transformerParameters(checkTransformer({ ...configuration }));
      expect(shapes.map(({ name }) => name).toSorted()).toEqual(Object.keys(weights).toSorted());
      for (const { name, shape } of shapes) expect(weights[name]!.shape).toEqual(shape);
    });

    it("gives PyTorch's logits for packed sequences", async () => {
      const program = await engine.compile(transformerGraph(configuration));
      const given = await program.run({ ...packTokens(sequences), ...weights });
      expect(furthest(given['logits']!.data as Float32Array, logits.flat())).toBeLessThan(2e-5);
      await program.release();
    });

    it("loses as PyTorch's AdamW does over twenty steps", async () => {
      const step = transformerStep(configuration, { kind: 'adamw', weightDecay: 0.1 }, 1);
      const state = Object.fromEntries(
        step.state.map(({ name, shape, initial }): [string, TensorData] => {
          if (typeof initial !== 'number') return [name, weights[initial.copyOf]!];
          return [name, { shape, data: new Float32Array(sizeOf(shape)).fill(initial) }];
        }),
      );
      const training = await engine.train(step.graph, state);
      const batch = { ...packTokens(sequences), ...packTargets(sequences), learningRate: scalar(0.01) };
      for (const [i, loss] of losses.entries()) {
        const report = await training.step(batch);
        expect(Math.abs(report['loss']! - loss)).toBeLessThan(1e-4 * Math.max(loss, 1));
        expect(Math.abs(report['gradientNorm']! / gradientNorms[i]! - 1)).toBeLessThan(2e-3);
      }
      await training.release();
    });

    it('has the same gradients in pieces as whole, and as TensorFlow.js computes them', async () => {
      const pieces = await piecewiseGradients(engine, configuration, weights, sequences);
      const theirs = await piecewiseGradients(oracle(), configuration, weights, sequences);
      const step = transformerStep(configuration, { kind: 'adamw', epsilon: 1e-8 });
      expect(pieces.loss).toBeCloseTo(losses[0]!, 5);
      let square = 0;
      for (const [name, { data: gradient }] of Object.entries(pieces.gradients)) {
        for (const value of gradient as Float32Array) square += value * value;
        expect(furthest(gradient as Float32Array, theirs.gradients[name]!.data as Float32Array)).toBeLessThan(1e-5);
      }
      expect(Math.abs(Math.sqrt(square) / gradientNorms[0]! - 1)).toBeLessThan(1e-4);
      expect(step.state.length).toBe(3 * Object.keys(weights).length + 2);
    });
  },
);

describe('attention', () => {
  const { configuration, sequences, weights } = families[0]!;

  it('of a part of the queries against all keys is that of the whole', async () => {
    const attend = await engine.compile(forwardPiece(configuration, 'attend'));
    const project = await engine.compile(forwardPiece(configuration, 'project'));
    const embed = await engine.compile(forwardPiece(configuration, 'embed'));
    const { positions, tokens } = packTokens([sequences[0]!]);
    const { x } = await embed.run({ tokens: tokens!, [EMBEDDING]: weights[EMBEDDING]! });
    const { q, k, v } = await project.run({
      x: x!,
      positions: positions!,
      ...ofLayer(weights, 0, forwardPiece(configuration, 'project').inputs),
    });
    const zeros = column(sequences[0]!.map(() => 0));
    const keys = { k: k!, v: v!, keyPositions: positions!, keySegments: zeros };
    const whole = await attend.run({ q: q!, queryPositions: positions!, querySegments: zeros, ...keys });
    const rows = [0, 1, 2, 9, 10];
    const width = q!.shape[1]!;
    const pick = (from: TensorData, columns: number): Float32Array =>
      Float32Array.from(
        rows.flatMap((row) => Array.from((from.data as Float32Array).subarray(row * columns, (row + 1) * columns))),
      );
    const part = await attend.run({
      q: { shape: [rows.length, width], data: pick(q!, width) },
      queryPositions: column(rows),
      querySegments: column(rows.map(() => 0)),
      ...keys,
    });
    expect(furthest(part['o']!.data as Float32Array, pick(whole['o']!, width))).toBeLessThan(1e-6);
  });
});

describe('a new network', () => {
  it('is nearly indifferent between tokens, the same for a seed and another for another', async () => {
    const { configuration } = families[1]!;
    const [first, again, other] = [1, 1, 2].map((seed) => initialTransformer(configuration, new Rng(seed)));
    expect(again).toEqual(first);
    expect(other!.get(EMBEDDING)!.data).not.toEqual(first!.get(EMBEDDING)!.data);
    const program = await engine.compile(transformerGraph(configuration));
    const given = await program.run({ ...packTokens([[1, 2, 3]]), ...Object.fromEntries(first!) });
    expect(Math.max(...(given['logits']!.data as Float32Array))).toBeLessThan(1);
  });

  it.each([
    [{ heads: 3, keyValueHeads: 2 }, 'heads is 3; it must be a multiple of keyValueHeads, 2'],
    [{ headWidth: 7 }, 'headWidth is 7; it must be even'],
    [{ layers: 0 }, 'Architecture layers is 0; it must be a whole number from 1 to 256'],
    [{ tiedHead: 'yes' }, 'Architecture tiedHead is "yes"; it must be true or false'],
    [{ experts: 4 }, "Unknown architecture field 'experts'"],
  ])('is refused with %j', (change, message) => {
    expect(() => checkTransformer({ ...families[0]!.configuration, ...change })).toThrow(message);
  });
});

/** Forward and backward through the pieces, as one rank alone would do it. */
async function piecewiseGradients(
  runtime: Engine,
  configuration: TransformerConfiguration,
  weights: NamedTensors,
  sequences: readonly (readonly number[])[],
): Promise<{ loss: number; gradients: NamedTensors }> {
  const gradients: Record<string, TensorData> = Object.fromEntries(
    Object.entries(weights).map(([name, { shape }]) => [name, { shape, data: new Float32Array(sizeOf(shape)) }]),
  );
  const { tokens, positions, segments } = packTokens(sequences);
  const visibility = {
    queryPositions: positions!,
    querySegments: segments!,
    keyPositions: positions!,
    keySegments: segments!,
  };
  const full = (name: string, layer: number): string =>
    name.includes('embed') || name === 'lm_head.weight' || name === 'model.norm.weight'
      ? name
      : layerParameter(layer, name);
  const run = async (name: PieceName, backward: boolean, layer: number, given: NamedTensors): Promise<NamedTensors> => {
    const graph = backward ? backwardPiece(configuration, name as 'embed') : forwardPiece(configuration, name);
    const inputs: Record<string, TensorData> = {};
    for (const input of graph.inputs.keys()) {
      if (input.startsWith('gradient:')) inputs[input] = gradients[full(input.slice('gradient:'.length), layer)]!;
      else inputs[input] = given[input] ?? weights[full(input, layer)]!;
    }
    const program = await runtime.compile(graph);
    const outputs = await program.run(inputs);
    await program.release();
    for (const input of graph.inputs.keys()) {
      if (!input.startsWith('gradient:')) continue;
      expect(input).toBe(gradientName(input.slice('gradient:'.length)));
      gradients[full(input.slice('gradient:'.length), layer)] = outputs[next(input)]!;
    }
    return outputs;
  };
  let x = (await run('embed', false, 0, { tokens: tokens! }))['x']!;
  const kept: NamedTensors[] = [];
  for (let layer = 0; layer < configuration.layers; layer++) {
    const qkv = await run('project', false, layer, { x, positions: positions! });
    const { o } = await run('attend', false, layer, { ...qkv, ...visibility });
    kept.push({ x, ...qkv, o: o! });
    x = (await run('finish', false, layer, { x, o: o! }))['y']!;
  }
  const head = await run('loss', true, 0, { x, ...packTargets(sequences) });
  let upstream = head['d:x']!;
  for (let layer = configuration.layers - 1; layer >= 0; layer--) {
    const known = kept[layer]!;
    const after = await run('finish', true, layer, { ...known, 'd:y': upstream });
    const attention = await run('attend', true, layer, { ...known, ...visibility, 'd:o': after['d:o']! });
    const before = await run('project', true, layer, { ...known, positions: positions!, ...attention });
    const [a, b] = [after['d:x']!.data as Float32Array, before['d:x']!.data as Float32Array];
    upstream = { shape: upstream.shape, data: a.map((value, i) => value + b[i]!) };
  }
  // `project` names the gradients of its outputs as `attend` names those of its inputs.
  await run('embed', true, 0, { tokens: tokens!, 'd:x': upstream });
  return { loss: (head['loss']!.data as Float32Array)[0]!, gradients };
}

function ofLayer(weights: NamedTensors, layer: number, inputs: ReadonlyMap<string, unknown>): NamedTensors {
  const names = [...inputs.keys()].filter((name) => name.includes('.'));
  return Object.fromEntries(names.map((name) => [name, weights[layerParameter(layer, name)]!]));
}
