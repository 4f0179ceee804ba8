import { readFileSync } from 'node:fs';

import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';

import { onnxRuntimeEngine } from '../../src/engine/onnxruntime/engine.js';
import { tensorflowEngine } from '../../src/engine/tensorflow/engine.js';
import type { Architecture } from '../../src/nn/networks/architecture.js';
import { parameters } from '../../src/nn/networks/go-resnet.js';
import { makeSchedule } from '../../src/nn/optimizers/schedules.js';
import {
  type OptimizerOptions,
  averageName,
  initialState,
  namedState,
  trainingStep,
} from '../../src/nn/training-step.js';
import { type Shape, sizeOf } from '../../src/nn/types.js';
import { type FloatTensor, scalar, tinyArchitecture } from '../support/go-training.js';

/** What test/data/pytorch/training_steps.py printed. */
interface Expected {
  readonly steps: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly weights: Readonly<Record<string, readonly number[]>>;
  readonly average: Readonly<Record<string, readonly number[]>>;
}

const file = new URL('../data/pytorch/training-steps.json', import.meta.url);
const expected = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Expected>;
const optimizers: Record<string, OptimizerOptions & { peak: number }> = {
  sgd: { kind: 'sgd', momentum: 0.9, weightDecay: 0.05, peak: 0.05 },
  nesterov: { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 0.05, peak: 0.05 },
  adamw: { kind: 'adamw', beta1: 0.9, beta2: 0.99, weightDecay: 0.05, peak: 0.02 },
};

/** Single precision after twenty steps, against PyTorch's double; Adam divides by small numbers, so it drifts most. */
const TOLERANCE = 1e-4;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each([onnxRuntimeEngine(), tensorflowEngine(tf)])('twenty steps on $name', (engine) => {
  test.each(Object.keys(optimizers))('with %s agree with PyTorch in every loss, gradient length, weight and average', async (kind) => {
    const { peak, ...optimizer } = optimizers[kind]!;
    const { steps, weights, average } = expected[kind]!;
    const losses = { policy: 1, value: 0.8, ownership: 0.5, score: 0.25 };
    const options = { architecture: tinyArchitecture, batchSize: 6, losses, clipNorm: 1, emaDecay: 0.9 };
    const step = trainingStep({ ...options, optimizer });
    const schedule = makeSchedule({ decay: 'cosine', peak, warmupSteps: 5, totalSteps: 25 });
    const first = initialState(step, sharedWeights(tinyArchitecture));
    const training = await engine.train(step.graph, first);
    for (let i = 0; i < 20; i++) {
      const { learningRate, ...metrics } = steps[i]!;
      expect(schedule(i)).toBeCloseTo(learningRate!, 12);
      const seen = await training.step({ ...sharedBatch(step.batch, i % 4), learningRate: scalar(schedule(i)) });
      expect(Object.keys(seen).sort()).toEqual(Object.keys(metrics).sort());
      for (const [name, value] of Object.entries(metrics)) {
        expect(Math.abs(seen[name]! - value), `${name} of step ${i}`).toBeLessThan(TOLERANCE);
      }
    }
    const state = Object.fromEntries(namedState(step, await training.exportState()));
    for (const [name, values] of Object.entries(weights)) {
      expect(distance(state[name]!.data, values), name).toBeLessThan(TOLERANCE);
      expect(distance(state[averageName(name)]!.data, average[name]!), name).toBeLessThan(TOLERANCE);
    }
    await training.release();
  });
});

/** The generator of the Python script, bit for bit. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function filled(shape: Shape, draw: () => number): FloatTensor {
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, draw) };
}

function sharedWeights(architecture: Architecture): Map<string, FloatTensor> {
  const uniform = generator(1);
  return new Map(
    parameters(architecture).map(({ name, shape }) => {
      const fanIn = shape.length === 4 ? sizeOf(shape.slice(1)) : shape.length === 2 ? shape[0]! : 25;
      const bound = Math.sqrt(3 / fanIn);
      return [name, filled(shape, () => (2 * uniform() - 1) * bound)];
    }),
  );
}

/** Drawn in the order of the script. */
function sharedBatch(shapes: Readonly<Record<string, Shape>>, index: number): Record<string, FloatTensor> {
  const uniform = generator(1000 + index);
  const distribution = (shape: Shape): FloatTensor => {
    const raw = Array.from({ length: sizeOf(shape) }, () => uniform() ** 3);
    const width = shape[1]!;
    const total = (row: number): number => raw.slice(row * width, (row + 1) * width).reduce((a, b) => a + b);
    return { shape, data: Float32Array.from(raw, (value, i) => value / total(Math.floor(i / width))) };
  };
  return {
    planes: filled(shapes['planes']!, () => Number(uniform() < 0.4)),
    globals: filled(shapes['globals']!, () => uniform() - 0.5),
    policyTarget: distribution(shapes['policyTarget']!),
    policyWeight: filled(shapes['policyWeight']!, () => Number(uniform() < 0.7)),
    valueTarget: distribution(shapes['valueTarget']!),
    ownershipTarget: filled(shapes['ownershipTarget']!, () => Math.floor(uniform() * 3) - 1),
    scoreTarget: filled(shapes['scoreTarget']!, () => Math.floor(uniform() * 19) - 9.5),
    weight: filled(shapes['weight']!, () => 0.5 + uniform()),
  };
}

function distance(seen: ArrayLike<unknown>, wanted: readonly number[]): number {
  expect(seen.length).toBe(wanted.length);
  return wanted.reduce((most, value, i) => Math.max(most, Math.abs(Number(seen[i]) - value)), 0);
}
