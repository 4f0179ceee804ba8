import { cpuEngine } from '../../src/engine/engine-settings.js';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Engine } from '../../src/engine/engine.js';
import { onnxRuntimeEngine } from '../../src/engine/onnxruntime/engine.js';
import { threadedEngine } from '../../src/engine/threaded.js';
import { tensorflowEngine } from '../../src/engine/tensorflow/engine.js';
import { gradients } from '../../src/nn/gradients.js';
import { type Graph, graph, input, next } from '../../src/nn/graph.js';
import { add, cast, div, greater, mul, sub } from '../../src/nn/operations/arithmetic.js';
import { conv2d } from '../../src/nn/operations/convolution.js';
import { relu, sqrt, square } from '../../src/nn/operations/elementwise.js';
import { matMul } from '../../src/nn/operations/matmul.js';
import { max, mean } from '../../src/nn/operations/reductions.js';
import { concat, reshape } from '../../src/nn/operations/shape.js';
import { softmax } from '../../src/nn/operations/softmax.js';
import { sum } from '../../src/nn/operations/sum.js';
import { BATCH, type TensorData } from '../../src/nn/types.js';

const inThreads = ({ provider }: { provider: string } = cpuEngine): Engine =>
  threadedEngine({ ...cpuEngine, provider });

const wave = (shape: readonly number[], phase: number, scale = 1): TensorData => ({
  shape,
  data: Float32Array.from(
    { length: shape.reduce((product, length) => product * length, 1) },
    (_, i) => scale * Math.sin(i * 1.7 + phase),
  ),
});

const weights = {
  filter: wave([4, 2, 3, 3], 1, 0.3),
  bias: wave([4], 2),
  dense: wave([8, 3], 3, 0.5),
};

function tower(batch: number): { probabilities: ReturnType<typeof softmax>; parameters: ReturnType<typeof input>[] } {
  const parameters = Object.entries(weights).map(([name, { shape }]) => input(name, shape));
  const [filter, bias, dense] = parameters;
  const image = relu(conv2d(input('planes', [batch, 2, 5, 5]), filter!, bias));
  const pooled = concat([mean(image, [2, 3]), max(image, [2, 3])], 1);
  return { probabilities: softmax(matMul(reshape(pooled, [batch, 8]), dense!)), parameters };
}

/** One step of RMSProp: a moment beside every parameter. */
function trainingStep(): Graph {
  const { probabilities, parameters } = tower(6);
  const target = input('target', [6, 3]);
  const loss = mean(sum(square(sub(probabilities, target)), [1]));
  const outputs: Record<string, ReturnType<typeof add>> = { loss };
  gradients(loss, parameters).forEach((slope, i) => {
    const parameter = parameters[i]!;
    const moment = add(mul(input(`${parameter.name}/moment`, parameter.shape), 0.9), mul(square(slope), 0.1));
    outputs[next(`${parameter.name}/moment`)] = moment;
    outputs[next(parameter.name)] = sub(parameter, mul(0.05, div(slope, add(sqrt(moment), 1e-3))));
  });
  return graph(outputs);
}

function firstState(): Record<string, TensorData> {
  const moments = Object.entries(weights).map(([name, { shape, data }]) => {
    return [`${name}/moment`, { shape, data: new Float32Array(data.length) }] as const;
  });
  return { ...weights, ...Object.fromEntries(moments) };
}

const batch = { planes: wave([6, 2, 5, 5], 0.5), target: wave([6, 3], 0.1, 0.5) };

async function losses(engine: Engine, steps: number): Promise<number[]> {
  const training = await engine.train(trainingStep(), firstState());
  const seen: number[] = [];
  for (let step = 0; step < steps; step++) seen.push((await training.step(batch))['loss']!);
  await training.release();
  return seen;
}

const makers: Record<string, () => Engine> = {
  onnxruntime: () => onnxRuntimeEngine(),
  'onnxruntime in a thread': () => inThreads(),
  'tensorflow on the CPU backend': () => tensorflowEngine(tf),
};

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(Object.entries(makers))('%s', (_name, make) => {
  let engine: Engine;
  beforeAll(() => void (engine = make()));
  afterAll(() => engine.close());

  it('computes what the reference engine computes, for any batch length', async () => {
    const { probabilities } = tower(BATCH);
    const constants = new Map(Object.entries(weights).map(([name, { data }]) => [name, data]));
    const reference = await onnxRuntimeEngine().compile(graph({ probabilities }));
    const program = await engine.compile(graph({ probabilities }), { constants });
    for (const count of [1, 5]) {
      const planes = wave([count, 2, 5, 5], 0.2);
      const seen = (await program.run({ planes }))['probabilities']!;
      const wanted = (await reference.run({ planes, ...weights }))['probabilities']!;
      expect(seen.shape).toEqual([count, 3]);
      seen.data.forEach((value, i) => expect(value).toBeCloseTo(Number(wanted.data[i]), 5));
    }
    await program.release();
    await reference.release();
  });

  it('takes and gives masks and indices', async () => {
    const x = input('x', [3]);
    const indices = input('indices', [2], 'int64');
    const program = await engine.compile(graph({ mask: greater(x, 0), back: cast(cast(indices, 'float32'), 'int64') }));
    const outputs = await program.run({
      x: { shape: [3], data: Float32Array.of(-1, 0, 2) },
      indices: { shape: [2], data: BigInt64Array.of(5n, -7n) },
    });
    expect(outputs['mask']).toEqual({ shape: [3], data: Uint8Array.of(0, 0, 1) });
    expect(outputs['back']).toEqual({ shape: [2], data: BigInt64Array.of(5n, -7n) });
    await program.release();
  });

  it('takes the same training steps as the reference engine', async () => {
    const seen = await losses(engine, 5);
    const wanted = await losses(onnxRuntimeEngine(), 5);
    seen.forEach((loss, i) => expect(loss).toBeCloseTo(wanted[i]!, 5));
    expect(seen[4]!).toBeLessThan(seen[0]!);
  });

  it('continues from an exported state exactly', async () => {
    const training = await engine.train(trainingStep(), firstState());
    await training.step(batch);
    const state = await training.exportState();
    const second = await training.step(batch);
    await training.release();
    const resumed = await engine.train(trainingStep(), firstState());
    await resumed.importState(state);
    expect(await resumed.step(batch)).toEqual(second);
    await resumed.release();
  });

  it('does not change an exported state by further steps', async () => {
    const training = await engine.train(trainingStep(), firstState());
    const state = await training.exportState();
    for (let step = 0; step < 3; step++) await training.step(batch);
    expect(state['filter']).toEqual(weights.filter);
    await training.release();
  });

  it('refuses inputs that are missing, unknown or of another shape', async () => {
    const program = await engine.compile(graph({ y: mul(input('x', [BATCH, 2]), 2) }));
    const fine = { shape: [1, 2], data: new Float32Array(2) };
    await expect(program.run({})).rejects.toThrow("input 'x' is missing");
    await expect(program.run({ x: fine, z: fine })).rejects.toThrow("no input 'z'");
    await expect(program.run({ x: { shape: [1, 3], data: new Float32Array(3) } })).rejects.toThrow('[BATCH,2]');
    await expect(program.run({ x: { shape: [1, 2], data: new Float32Array(3) } })).rejects.toThrow('3 elements');
    expect((await program.run({ x: fine }))['y']).toEqual(fine);
    await program.release();
  });

  it('keeps the state when a step is refused', async () => {
    const training = await engine.train(trainingStep(), firstState());
    const first = await training.step(batch);
    await training.importState(firstState());
    await expect(engine.train(trainingStep(), {})).rejects.toThrow('is missing');
    await expect(training.step({ planes: batch.planes })).rejects.toThrow("'target' is missing");
    expect(await training.step(batch)).toEqual(first);
    await training.release();
  });
});

describe('onnxruntime', () => {
  it.each([onnxRuntimeEngine, inThreads])('says what it could not load', async (make) => {
    const engine = make({ provider: 'abacus' });
    const refused = engine.compile(graph({ y: mul(input('x', [1]), 2) }));
    await expect(refused).rejects.toMatchObject({ kind: 'failed-precondition' });
    await expect(refused).rejects.toThrow("'abacus'");
    await engine.close();
  });

  it('lets no thread outlive its engine', async () => {
    const engine = inThreads();
    const program = await engine.compile(graph({ y: mul(input('x', [1]), 2) }));
    await engine.close();
    const x = { shape: [1], data: Float32Array.of(1) };
    await expect(program.run({ x })).rejects.toMatchObject({ kind: 'failed-precondition' });
    await program.release();
  });

  it('does not grow over a thousand steps', async () => {
    const training = await onnxRuntimeEngine().train(trainingStep(), firstState());
    const steps = async (count: number): Promise<number> => {
      for (let step = 0; step < count; step++) await training.step(batch);
      return process.memoryUsage().rss;
    };
    const before = await steps(300);
    const after = await steps(1000);
    await training.release();
    // A step's outputs and feeds are some 20 kB; a thousand kept would be 20 MB.
    expect(after - before).toBeLessThan(12e6);
  });
});

it('tells what to install when the tensorflow package is missing', async () => {
  const { openEngine } = await import('../../src/engine/tensorflow/engine.js');
  const outcome = await openEngine().catch((error: unknown) => error);
  if (outcome instanceof Error) expect(outcome).toMatchObject({ kind: 'failed-precondition' });
});
