import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';

import { Rng } from '../../../src/core/rng.js';
import type { NamedTensors } from '../../../src/engine/engine.js';
import { onnxRuntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { createSession } from '../../../src/engine/onnxruntime/session.js';
import { gradients } from '../../../src/nn/gradients.js';
import { type Graph, type InputTensor, type Tensor, graph, input } from '../../../src/nn/graph.js';
import type { Architecture } from '../../../src/nn/networks/architecture.js';
import { initialWeights } from '../../../src/nn/networks/go-network.js';
import { type GoOutputs, goResnet, parameters } from '../../../src/nn/networks/go-resnet.js';
import { goLoss } from '../../../src/nn/networks/go-loss.js';
import { servingModel } from '../../../src/nn/networks/serving.js';
import { softmax } from '../../../src/nn/operations/softmax.js';
import type { Tf, TfTensor } from '../../../src/nn/tensorflow.js';
import { trainingStep } from '../../../src/nn/training-step.js';
import type { ElementData } from '../../../src/nn/types.js';
import { type FloatTensor, livelyWeights, randomBatch, tinyArchitecture } from '../../support/go-training.js';

const engine = onnxRuntimeEngine();
const lossWeights = { policy: 1, value: 1, ownership: 0.5, score: 0.25 };

beforeAll(async () => {
  await tf.setBackend('cpu');
});

interface Built {
  readonly outputs: GoOutputs;
  readonly values: readonly InputTensor[];
}

function build(architecture: Architecture, count: number): Built {
  const values = parameters(architecture).map(({ name, shape }) => input(name, shape));
  const { size, planes, globals } = architecture;
  const outputs = goResnet(
    architecture,
    (name) => values.find((value) => value.name === name)!,
    input('planes', [count, planes, size, size]),
    input('globals', [count, globals]),
  );
  return { outputs, values };
}

function largest(data: ElementData): number {
  return (data as Float32Array).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

async function evaluate(network: Graph, inputs: NamedTensors): Promise<NamedTensors> {
  const program = await engine.compile(network);
  const result = await program.run(inputs);
  await program.release();
  return result;
}

describe('the gradient of the whole loss', () => {
  const count = 5;
  const rng = new Rng(21);
  const weights = Object.fromEntries(livelyWeights(tinyArchitecture, rng));
  const shapes = trainingStep({
    architecture: tinyArchitecture,
    batchSize: count,
    optimizer: { kind: 'sgd' },
    losses: lossWeights,
  }).batch;
  const batch = randomBatch(shapes, rng);
  const { outputs, values } = build(tinyArchitecture, count);
  const target = (name: string): InputTensor => input(name, shapes[name]!);
  const { loss } = goLoss(
    outputs,
    {
      policy: target('policyTarget'),
      policyWeight: target('policyWeight'),
      value: target('valueTarget'),
      ownership: target('ownershipTarget'),
      score: target('scoreTarget'),
      weight: target('weight'),
    },
    lossWeights,
  );
  const slopes = gradients(loss, values);
  const ours = evaluate(graph(Object.fromEntries(values.map(({ name }, i) => [`slope:${name}`, slopes[i]!]))), {
    ...weights,
    ...batch,
  });

  test('agrees with finite differences along a random direction of every parameter', async () => {
    const program = await engine.compile(graph({ loss }));
    const h = 1e-3;
    for (const { name, shape } of values) {
      const { data } = weights[name]!;
      const raw = Float64Array.from(data, () => rng.normal());
      const length = Math.hypot(...raw);
      const direction = raw.map((value) => value / length);
      const at = async (step: number): Promise<number> => {
        const moved = { shape, data: data.map((value, i) => value + step * direction[i]!) };
        return Number((await program.run({ ...weights, ...batch, [name]: moved }))['loss']!.data[0]);
      };
      const slope = ((await at(h)) - (await at(-h))) / (2 * h);
      const gradient = (await ours)[`slope:${name}`]!.data as Float32Array;
      const along = gradient.reduce((total, value, i) => total + value * direction[i]!, 0);
      // The loss is known to about 2e-7, so the difference quotient to 2e-4.
      expect(Math.abs(slope - along), name).toBeLessThan(1e-3 + 1e-2 * Math.abs(along));
    }
    await program.release();
  });

  test("agrees with TensorFlow.js's own gradients", async () => {
    const lossGraph = graph({ loss });
    const names = values.map(({ name }) => name);
    const value = (...given: tf.Tensor[]): tf.Scalar => {
      const known = new Map(names.map((name, i) => [name, given[i]!]));
      return interpret(lossGraph, (name) => known.get(name) ?? tensorOf(batch[name]!)) as tf.Scalar;
    };
    const theirs = tf.grads(value)(names.map((name) => tensorOf(weights[name]!)));
    for (const [i, name] of names.entries()) {
      const wanted = await theirs[i]!.data();
      const seen = (await ours)[`slope:${name}`]!.data as Float32Array;
      expect(seen.length).toBe(wanted.length);
      seen.forEach((slope, k) => expect(Math.abs(slope - wanted[k]!), name).toBeLessThan(2e-5));
      expect(
        seen.some((slope) => Math.abs(slope) > 1e-4),
        name,
      ).toBe(true);
    }
  });
});

function tensorOf({ shape, data }: FloatTensor): tf.Tensor {
  return tf.tensor(data, [...shape]);
}

/** The graph in TensorFlow.js under its gradient tape; masks are copied, since it would try to differentiate them. */
function interpret(network: Graph, given: (name: string) => tf.Tensor): tf.Tensor {
  const known = new Map<Tensor, tf.Tensor>();
  for (const tensor of network.order) {
    if (tensor.kind === 'input') known.set(tensor, given(tensor.name));
    else if (tensor.kind === 'constant') known.set(tensor, tf.tensor(tensor.data as Float32Array, [...tensor.shape]));
    else {
      const operands = tensor.inputs.map((operand) => known.get(operand) as unknown as TfTensor);
      const result = tensor.operation.tf(tf as unknown as Tf, operands, tensor) as unknown as tf.Tensor;
      known.set(tensor, tensor.dtype === 'bool' ? tf.tensor(result.dataSync(), result.shape, 'bool') : result);
    }
  }
  return known.get([...network.outputs.values()][0]!)!;
}

describe('a served model', () => {
  const rng = new Rng(4);
  const weights = livelyWeights(tinyArchitecture, rng);
  const inputsOf = (count: number): Record<string, FloatTensor> => {
    const shapes = trainingStep({
      architecture: tinyArchitecture,
      batchSize: count,
      optimizer: { kind: 'sgd' },
      losses: lossWeights,
    }).batch;
    const { planes, globals } = randomBatch(shapes, rng);
    return { planes: planes!, globals: globals! };
  };

  test('answers as the training forward pass does, at every batch size', async () => {
    const session = await createSession(servingModel({ architecture: tinyArchitecture, weights }));
    expect([...session.inputNames].sort()).toEqual(['globals', 'planes']);
    for (const count of [1, 7, 16]) {
      const inputs = inputsOf(count);
      const { outputs } = build(tinyArchitecture, count);
      const { policy, value, score, ownership } = outputs;
      const trained = graph({ policy, value: softmax(value, 1), score, ownership });
      const wanted = await evaluate(trained, { ...Object.fromEntries(weights), ...inputs });
      const seen = await session.run(inputs);
      expect(Object.keys(seen).sort()).toEqual(Object.keys(wanted).sort());
      for (const [name, { shape, data }] of Object.entries(wanted)) {
        expect(seen[name]!.shape).toEqual(shape);
        data.forEach((number, i) => expect(Number(seen[name]!.data[i])).toBeCloseTo(Number(number), 4));
      }
    }
    await session.release();
  });

  test('gives each position the answer it would get alone', async () => {
    const session = await createSession(servingModel({ architecture: tinyArchitecture, weights }));
    const { planes, globals } = inputsOf(5);
    const together = await session.run({ planes: planes!, globals: globals! });
    const alone = await session.run({
      planes: { shape: [1, 3, 3, 3], data: planes!.data.slice(2 * 27, 3 * 27) },
      globals: { shape: [1, 2], data: globals!.data.slice(4, 6) },
    });
    for (const [name, { data }] of Object.entries(alone)) {
      const width = data.length;
      data.forEach((number, i) => {
        expect(Number(together[name]!.data[2 * width + i])).toBeCloseTo(Number(number), 5);
      });
    }
    await session.release();
  });

  test('has value probabilities that sum to one, ownership in [-1, 1] and equal bytes for equal weights', async () => {
    const bytes = servingModel({ architecture: tinyArchitecture, weights });
    expect(servingModel({ architecture: tinyArchitecture, weights: new Map(weights) })).toEqual(bytes);
    const session = await createSession(bytes);
    const { value, ownership } = await session.run(inputsOf(4));
    for (let row = 0; row < 4; row++) {
      const chances = [0, 1, 2].map((column) => Number(value!.data[3 * row + column]));
      expect(chances.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
    }
    expect(largest(ownership!.data)).toBeLessThanOrEqual(1);
    await session.release();
  });
});

test('the same weights evaluate boards of other sizes', async () => {
  const weights = livelyWeights(tinyArchitecture, new Rng(8));
  const session = await createSession(servingModel({ architecture: { ...tinyArchitecture, size: 5 }, weights }));
  const inputs = {
    planes: { shape: [2, 3, 5, 5], data: new Float32Array(150).fill(1) },
    globals: { shape: [2, 2], data: new Float32Array(4) },
  };
  expect((await session.run(inputs))['policy']!.shape).toEqual([2, 26]);
  await session.release();
});

test('a new network is nearly indifferent, and another seed makes another one', async () => {
  const architecture = { ...tinyArchitecture, size: 7, channels: 32, planes: 12, globals: 7 };
  const weights = initialWeights(architecture, new Rng(1));
  expect(initialWeights(architecture, new Rng(1))).toEqual(weights);
  expect(initialWeights(architecture, new Rng(2))).not.toEqual(weights);
  const session = await createSession(servingModel({ architecture, weights }));
  const rng = new Rng(9);
  const inputs = {
    planes: { shape: [4, 12, 7, 7], data: Float32Array.from({ length: 4 * 12 * 49 }, () => rng.int(2)) },
    globals: { shape: [4, 7], data: Float32Array.from({ length: 28 }, () => rng.float()) },
  };
  const { policy, value } = await session.run(inputs);
  expect(largest(policy!.data)).toBeLessThan(1);
  value!.data.forEach((chance) => expect(Math.abs(Number(chance) - 1 / 3)).toBeLessThan(0.15));
  expect(new Set(policy!.data as Float32Array).size).toBeGreaterThan(100);
  await session.release();
});
