import { afterAll, describe, expect, it } from 'vitest';
import { Rng } from '../../../../src/core/rng.js';
import { onnxRuntimeEngine } from '../../../../src/engine/onnxruntime/engine.js';
import { createSession } from '../../../../src/engine/onnxruntime/session.js';
import { gradients } from '../../../../src/nn/gradients.js';
import { graph } from '../../../../src/nn/graph.js';
import type { Weights } from '../../../../src/nn/model-file.js';
import { parameterInputs, initialWeights } from '../../../../src/nn/networks/go-network.js';
import type { KatagoArchitecture } from '../../../../src/nn/networks/katago/architecture.js';
import { newKatago } from '../../../../src/nn/networks/katago/new-network.js';
import { readKatago } from '../../../../src/nn/networks/katago/read-file.js';
import { writeKatago } from '../../../../src/nn/networks/katago/write-file.js';
import { lowerToOnnx } from '../../../../src/nn/onnx/lower.js';
import { batchLoss, initialState, namedState, trainingStep, weightsOf } from '../../../../src/nn/training-step.js';
import { livelyWeights, randomBatch, scalar } from '../../../support/go-training.js';
import { sketchKatago } from '../../../support/katago-network.js';

const engine = onnxRuntimeEngine();
afterAll(() => engine.close());

const losses = { policy: 1, value: 1, ownership: 0.5, score: 0.25 };
const batchSize = 4;
const features = { planes: 22, globals: 19, features: 'katago-7' } as const;

/** Trains on one batch that has certain answers. */
async function learn(architecture: KatagoArchitecture, size: number, weights: Weights, steps: number) {
  const optimizer = { kind: 'adamw' } as const;
  const step = trainingStep({ architecture, size, batchSize, optimizer, losses, clipNorm: 1 });
  const rng = new Rng(5);
  const batch = randomBatch(step.batch, rng);
  for (const name of ['policyTarget', 'valueTarget']) {
    const { shape, data } = batch[name]!;
    data.fill(0);
    for (let row = 0; row < batchSize; row++)
      data[row * shape[1]! + (name === 'valueTarget' ? 2 * (row % 2) : row)] = 1;
  }
  batch['policyWeight']!.data.fill(1);
  batch['ownershipTarget']!.data.forEach((owner, i, owners) => (owners[i] = owner === 0 ? 1 : owner));
  const training = await engine.train(step.graph, initialState(step, weights));
  const first = await training.step({ ...batch, learningRate: scalar(0.01) });
  let last = first;
  for (let i = 1; i < steps; i++) last = await training.step({ ...batch, learningRate: scalar(0.01) });
  const trained = weightsOf(architecture, namedState(step, await training.exportState()), 'latest');
  await training.release();
  return { first, last, trained };
}

describe('a network of the katago kind', () => {
  it('learns a tiny batch by heart from nothing, and is written and read unchanged', async () => {
    const architecture = newKatago({ size: 4, blocks: 3, channels: 16, ...features });
    const weights = initialWeights(architecture, new Rng(1));
    const { first, last, trained } = await learn(architecture, 4, weights, 250);
    expect(first['policyLoss']).toBeGreaterThan(1);
    expect(first['valueLoss']).toBeCloseTo(Math.log(3), 0);
    for (const part of ['policyLoss', 'valueLoss', 'ownershipLoss']) expect(last[part], part).toBeLessThan(0.05);
    expect(last['scoreLoss']! / first['scoreLoss']!).toBeLessThan(0.3);
    const again = readKatago(writeKatago('trained-here', architecture, trained));
    expect(again.architecture).toEqual({ ...architecture, boards: [2, 19] });
    for (const [name, { data }] of trained) expect(again.weights.get(name)!.data, name).toEqual(data);
  });

  it('trains on where KataGo left off, with every kind of block', async () => {
    const blocks = ['ordinary', 'pool', ['ordinary', 'pool']] as const;
    const file = readKatago(sketchKatago({ version: 15, blocks, activation: 'ACTIVATION_MISH' }).bytes);
    const { first, last } = await learn(file.architecture, 4, file.weights, 60);
    expect(last['loss']! / first['loss']!).toBeLessThan(0.5);
  });

  it('trains on where KataGo left off, with transformers', async () => {
    const blocks = ['attention', 'feedForward', ['fixedAttention', 'feedForward']] as const;
    const file = readKatago(sketchKatago({ version: 17, blocks, activation: 'ACTIVATION_SILU', tip: 'board' }).bytes);
    const { first, last, trained } = await learn(file.architecture, 4, file.weights, 60);
    expect(last['loss']! / first['loss']!).toBeLessThan(0.5);
    const moved = (name: string): boolean =>
      trained.get(name)!.data.some((value, i) => value !== file.weights.get(name)!.data[i]);
    const still = [...file.weights.keys()].filter((name) => name.startsWith('block') && !moved(name));
    expect(still).toEqual([]);
  });

  it('has the same gradients point by point as in the ordinary layout', async () => {
    const architecture = newKatago({ size: 4, blocks: 2, channels: 64, ...features });
    const options = { architecture, batchSize, losses };
    const parameters = parameterInputs(architecture);
    const loss = batchLoss(options, (name) => parameters.get(name)!);
    const names = [...parameters.keys()];
    const slopes = gradients(loss, [...parameters.values()]);
    const wanted = graph(Object.fromEntries(names.map((name, i) => [`d ${name}`, slopes[i]!])));
    const rng = new Rng(3);
    const weights = livelyWeights(architecture, rng);
    const step = trainingStep({ ...options, optimizer: { kind: 'sgd' } });
    const inputs = { ...Object.fromEntries(weights), ...randomBatch(step.batch, rng) };
    const run = async (winograd: boolean) => {
      const session = await createSession(lowerToOnnx(wanted, { winograd }));
      const results = await session.run(inputs);
      await session.release();
      return results;
    };
    const [plain, points] = [await run(false), await run(true)];
    for (const [name, { data }] of Object.entries(plain)) {
      const scale = Math.max(1e-3, ...Array.from(data as Float32Array, Math.abs));
      const far = Array.from(points[name]!.data as Float32Array, (value, i) => Math.abs(value - Number(data[i])));
      expect(Math.max(...far) / scale, name).toBeLessThan(1e-3);
    }
  });
});
