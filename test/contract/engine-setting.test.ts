/** What the server does with its engine: serving and training, on both engines. */

import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';

import { Rng } from '../../src/core/rng.js';
import type { Engine } from '../../src/engine/engine.js';
import { openEngine } from '../../src/engine/open-engine.js';
import { cpuEngine } from '../../src/engine/engine-settings.js';
import { tensorflowEngine } from '../../src/engine/tensorflow/engine.js';
import { packPosition, packedBytes } from '../../src/go/packed-position.js';
import { ServingSession } from '../../src/evaluator/serving-session.js';
import { scoreFields } from '../../src/go/scores.js';
import type { SlotOutputs } from '../../src/evaluator/slots.js';
import { encodeModel } from '../../src/nn/model-file.js';
import { readAlphaZeroConfig } from '../../src/trainer/alphazero/config.js';
import { Trainer, architectureOf } from '../../src/trainer/alphazero/trainer.js';
import { livelyWeights } from '../support/go-training.js';
import { randomGame } from '../support/random-games.js';
import { randomPositions } from '../support/served-models.js';

const size = 5;
const settings = { size, blocks: 2, channels: 8, batchSize: 8, startPositions: 10, warmupSteps: 2, seed: 3 };
const config = readAlphaZeroConfig(settings);
const architecture = architectureOf(config);
let engines: readonly [reference: Engine, tensorflow: Engine];

beforeAll(async () => {
  await tf.setBackend('cpu');
  engines = [await openEngine(cpuEngine), tensorflowEngine(tf)];
});

function expectClose(seen: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(seen).toHaveLength(wanted.length);
  for (let i = 0; i < wanted.length; i++) expect(Math.abs(seen[i]! - wanted[i]!)).toBeLessThan(1e-4);
}

async function evaluate(engine: Engine, file: Uint8Array, count: number): Promise<SlotOutputs> {
  const packed = new Uint8Array(count * packedBytes(size));
  randomPositions(size, count).forEach((position, i) => packPosition(position, packed, i * packedBytes(size)));
  const outputs: SlotOutputs = {
    policy: new Float32Array(count * (size * size + 1)),
    value: new Float32Array(count * 3),
    scores: new Float32Array(count * scoreFields.length),
    ownership: new Float32Array(count * size * size),
  };
  const session = await ServingSession.load(file, engine);
  // A larger batch before, so that the session's buffers are longer than this one needs.
  await session.infer({ planes: new Float32Array(12 * 500), globals: new Float32Array(7 * 20), count: 20, size });
  await session.evaluate({ packed, count, size, ownership: true }, outputs);
  await session.release();
  return outputs;
}

async function train(engine: Engine, steps: number): Promise<{ losses: number[]; modelFile: Uint8Array }> {
  const trainer = await Trainer.create(engine, config, { architecture });
  const losses: number[] = [];
  for (let sequence = 1; losses.length < steps; sequence++) {
    trainer.add({ sequence, record: randomGame({ size, seed: sequence }) }, 0);
    while (trainer.isDue) losses.push((await trainer.makeStep())['loss']!);
  }
  const { modelFile } = await trainer.copy();
  await trainer.release();
  return { losses, modelFile };
}

describe('the tensorflow engine', () => {
  it('serves a model as onnxruntime does, and leaves nothing behind', async () => {
    const file = encodeModel({ architecture, weights: livelyWeights(architecture, new Rng(1)), metadata: {} });
    const before = tf.memory().numTensors;
    const [wanted, seen] = [await evaluate(engines[0], file, 9), await evaluate(engines[1], file, 9)];
    expect(new Set(wanted.policy).size).toBeGreaterThan(100);
    for (const name of ['policy', 'value', 'ownership'] as const) expectClose(seen[name], wanted[name]);
    for (let i = 0; i < seen.scores.length; i += scoreFields.length)
      expectClose([seen.scores[i]!], [wanted.scores[i]!]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('trains a job as onnxruntime does, and what it made is served alike', async () => {
    const before = tf.memory().numTensors;
    const [wanted, seen] = [await train(engines[0], 6), await train(engines[1], 6)];
    expect(wanted.losses.length).toBeGreaterThanOrEqual(6);
    expectClose(seen.losses, wanted.losses);
    const policies = [
      await evaluate(engines[0], wanted.modelFile, 4),
      await evaluate(engines[1], seen.modelFile, 4),
    ] as const;
    expectClose(policies[1].policy, policies[0].policy);
    expect(tf.memory().numTensors).toBe(before);
  });
});
