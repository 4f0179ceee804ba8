import { describe, expect, test } from 'vitest';

import { Rng } from '../../../src/core/rng.js';
import { onnxRuntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import type { NamedTensors, Training } from '../../../src/engine/engine.js';
import type { Architecture } from '../../../src/nn/networks/architecture.js';
import { initialWeights } from '../../../src/nn/networks/go-network.js';
import type { Weights } from '../../../src/nn/model-file.js';
import {
  type TrainingStep,
  averageName,
  flatState,
  initialState,
  namedState,
  trainingMetrics,
  trainingStep,
  weightsOf,
} from '../../../src/nn/training-step.js';
import { livelyWeights, randomBatch, scalar, tinyArchitecture } from '../../support/go-training.js';

const losses = { policy: 1, value: 1, ownership: 0.5, score: 0.25 };
const batchSize = 6;

async function train(step: TrainingStep, weights: Weights): Promise<Training> {
  return await onnxRuntimeEngine().train(step.graph, initialState(step, weights));
}

async function stateOf(step: TrainingStep, training: Training): Promise<ReadonlyMap<string, NamedTensors[string]>> {
  return namedState(step, await training.exportState());
}

test('a tiny network learns a tiny batch by heart', async () => {
  const architecture = { ...tinyArchitecture, channels: 16 };
  const step = trainingStep({ architecture, batchSize, optimizer: { kind: 'adamw' }, losses, clipNorm: 1 });
  const rng = new Rng(5);
  const batch = randomBatch(step.batch, rng);
  // Targets that can be met exactly: one best move, one certain result.
  for (const name of ['policyTarget', 'valueTarget']) {
    const { shape, data } = batch[name]!;
    const width = shape[1]!;
    data.fill(0);
    for (let row = 0; row < batchSize; row++) data[row * width + rng.int(width)] = 1;
  }
  batch['policyWeight']!.data.fill(1);
  const owners = batch['ownershipTarget']!.data;
  owners.forEach((owner, i) => (owners[i] = owner === 0 ? 1 : owner));
  const training = await train(step, initialWeights(architecture, rng));
  const first = await training.step({ ...batch, learningRate: scalar(0.01) });
  let last = first;
  for (let i = 0; i < 200; i++) last = await training.step({ ...batch, learningRate: scalar(0.01) });
  await training.release();
  expect(Object.keys(first).sort()).toEqual([...trainingMetrics].sort());
  expect(first['policyLoss']).toBeGreaterThan(1);
  expect(first['valueLoss']).toBeGreaterThan(0.7);
  for (const part of ['policyLoss', 'valueLoss', 'ownershipLoss', 'scoreLoss']) expect(last[part]).toBeLessThan(0.05);
});

test('positions without weight and policies of cheap searches do not count', async () => {
  const step = trainingStep({ architecture: tinyArchitecture, batchSize, optimizer: { kind: 'sgd' }, losses });
  const rng = new Rng(11);
  const weights = livelyWeights(tinyArchitecture, rng);
  const batch = randomBatch(step.batch, rng);
  batch['weight']!.data.set([1, 1, 1, 0, 1, 1]);
  batch['policyWeight']!.data.set([1, 0, 1, 1, 1, 1]);
  const changed = structuredClone(batch);
  changed['policyTarget']!.data.copyWithin(10, 0, 10); // row 1, without policy weight
  for (const name of ['planes', 'valueTarget', 'policyTarget', 'ownershipTarget']) {
    const { shape, data } = changed[name]!;
    const width = data.length / shape[0]!;
    data.copyWithin(3 * width, 0, width); // row 3, without any weight
  }
  const results = [];
  for (const inputs of [batch, changed]) {
    const training = await train(step, weights);
    results.push({
      metrics: await training.step({ ...inputs, learningRate: scalar(0.1) }),
      state: await stateOf(step, training),
    });
    await training.release();
  }
  expect(changed).not.toEqual(batch);
  expect(results[1]).toEqual(results[0]);
});

test('a batch without any weight reports zero and, without decay, changes nothing', async () => {
  const step = trainingStep({ architecture: tinyArchitecture, batchSize, optimizer: { kind: 'sgd' }, losses });
  const rng = new Rng(12);
  const weights = livelyWeights(tinyArchitecture, rng);
  const batch = randomBatch(step.batch, rng);
  batch['weight']!.data.fill(0);
  const training = await train(step, weights);
  const metrics = await training.step({ ...batch, learningRate: scalar(0.1) });
  const state = await stateOf(step, training);
  await training.release();
  expect(metrics).toEqual(Object.fromEntries(trainingMetrics.map((name) => [name, 0])));
  expect(weightsOf(tinyArchitecture, state, 'latest')).toEqual(weights);
});

test('equal seeds and batches give equal states bit for bit', async () => {
  const run = async (): Promise<unknown> => {
    const rng = new Rng(7);
    const optimizer = { kind: 'adamw', weightDecay: 0.1 } as const;
    const options = { architecture: tinyArchitecture, batchSize, optimizer, losses, clipNorm: 1, emaDecay: 0.9 };
    const step = trainingStep(options);
    const training = await train(step, initialWeights(tinyArchitecture, rng));
    const metrics = [];
    for (let i = 0; i < 3; i++) {
      metrics.push(await training.step({ ...randomBatch(step.batch, rng), learningRate: scalar(0.01) }));
    }
    const state = await stateOf(step, training);
    await training.release();
    return { metrics, state };
  };
  expect(await run()).toEqual(await run());
});

test('the average of the weights follows them by its decay', async () => {
  const step = trainingStep({
    architecture: tinyArchitecture,
    batchSize,
    optimizer: { kind: 'sgd' },
    losses,
    emaDecay: 0.75,
  });
  const rng = new Rng(3);
  const weights = livelyWeights(tinyArchitecture, rng);
  const training = await train(step, weights);
  const name = 'stem/bias';
  const wanted = Array.from(weights.get(name)!.data);
  for (let i = 0; i < 3; i++) {
    await training.step({ ...randomBatch(step.batch, rng), learningRate: scalar(0.1) });
    const present = (await stateOf(step, training)).get(name)!.data;
    wanted.forEach((average, k) => (wanted[k] = 0.75 * average + 0.25 * Number(present[k])));
  }
  const state = await stateOf(step, training);
  await training.release();
  const average = weightsOf(tinyArchitecture, state, 'average').get(name)!.data;
  wanted.forEach((value, k) => expect(average[k]).toBeCloseTo(value, 6));
  expect(state.get(averageName(name))!.data).toEqual(average);
  expect(weightsOf(tinyArchitecture, state, 'latest').get(name)!.data).not.toEqual(average);
});

test('a state by names is the same state, and says what it lacks', async () => {
  const options = { architecture: tinyArchitecture, batchSize, losses, emaDecay: 0.9 };
  const step = trainingStep({ ...options, optimizer: { kind: 'adamw' } });
  const training = await train(step, livelyWeights(tinyArchitecture, new Rng(3)));
  await training.step({ ...randomBatch(step.batch, new Rng(4)), learningRate: scalar(0.1) });
  const state = await training.exportState();
  await training.release();
  const named = namedState(step, state);
  expect(named.get('adam:mean:stem/bias')!.shape).toEqual([tinyArchitecture.channels]);
  expect(flatState(step, named)).toEqual(state);
  named.delete('average:stem/bias');
  expect(() => flatState(step, named)).toThrow("The state 'average:stem/bias' is missing");
  named.set('average:stem/bias', scalar(1));
  expect(() => flatState(step, named)).toThrow('has 1 numbers');
});

describe('a step in parts', () => {
  const parted: Architecture = { ...tinyArchitecture, size: 5, channels: 16 };
  const options = { architecture: parted, batchSize: 27, optimizer: { kind: 'sgd' }, losses, clipNorm: 1 } as const;
  const weights = livelyWeights(parted, new Rng(4));

  /** Metrics and state after three steps. */
  async function trained(partFloats: number | undefined, threads: number) {
    const step = trainingStep({ ...options, partFloats });
    const state = initialState(step, weights);
    const training = await onnxRuntimeEngine().train(step.graph, state, { threads });
    const batch = { ...randomBatch(step.batch, new Rng(5)), learningRate: scalar(0.1) };
    await training.step(batch);
    await training.step(batch);
    const metrics = await training.step(batch);
    const after = await training.exportState();
    await training.release();
    return { metrics, after };
  }

  // Four parts of seven positions, the last with one too many.
  const SMALL = 16 * 25 * 8;

  test('gives what the whole batch gives, but for rounding', async () => {
    const [whole, parts] = [await trained(undefined, 1), await trained(SMALL, 1)];
    for (const name of trainingMetrics) expect(parts.metrics[name], name).toBeCloseTo(whole.metrics[name]!, 4);
    for (const [name, { data }] of Object.entries(whole.after)) {
      data.forEach((value, i) => expect(parts.after[name]!.data[i], name).toBeCloseTo(Number(value), 4));
    }
  });

  test('gives the same bytes on any number of threads', async () => {
    expect(await trained(SMALL, 3)).toEqual(await trained(SMALL, 1));
  });

  test('keeps its state when a batch is refused, on threads too', async () => {
    const step = trainingStep({ ...options, partFloats: SMALL });
    const state = initialState(step, weights);
    const training = await onnxRuntimeEngine().train(step.graph, state, { threads: 2 });
    const { planes, ...rest } = randomBatch(step.batch, new Rng(5));
    const short = { shape: [4, ...planes!.shape.slice(1)], data: planes!.data };
    await expect(training.step({ ...rest, planes: short, learningRate: scalar(0.1) })).rejects.toThrow('planes');
    expect(await training.exportState()).toEqual(state);
    await training.release();
  });
});
