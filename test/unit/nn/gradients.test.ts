import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { tensorflowEngine } from '../../../src/engine/tensorflow/engine.js';
import { onnxRuntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { gradients } from '../../../src/nn/gradients.js';
import { type InputTensor, type Tensor, constant, graph, input } from '../../../src/nn/graph.js';
import * as a from '../../../src/nn/operations/arithmetic.js';
import { max } from '../../../src/nn/operations/reductions.js';
import { sum } from '../../../src/nn/operations/sum.js';
import { type Shape, type TensorData, sizeOf } from '../../../src/nn/types.js';
import { type Case, cases, wave } from '../../support/gradient-cases.js';

/** A weighting of the result, so that every element's derivative counts differently. */
const weighting = (shape: Shape): TensorData => wave(shape, 9, [-1, 1]);

function lossOf(test: Case): { y: Tensor; loss: Tensor; xs: InputTensor[]; values: Record<string, TensorData> } {
  const xs = test.shapes.map((shape, i) => input(`x${i}`, shape));
  const y = test.ours(xs);
  const loss = sum(a.mul(y, constant(weighting(y.shape).data, y.shape)));
  const values = test.shapes.map((shape, i) => [`x${i}`, wave(shape, i, test.range ?? [-1, 1])] as const);
  return { y, loss, xs, values: Object.fromEntries(values) };
}

/** The values of those inputs that a graph still has. */
const only = (values: Record<string, TensorData>, inputs: ReadonlyMap<string, unknown>): Record<string, TensorData> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => inputs.has(name)));

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(cases)('the gradient of $name', (test) => {
  it('agrees with finite differences', async () => {
    const { y, loss, xs, values } = lossOf(test);
    const forward = graph({ y });
    const weights = weighting(y.shape).data;
    const used = xs.filter(({ name }) => forward.inputs.has(name));
    const engine = onnxRuntimeEngine();
    const derivatives = graph(
      Object.fromEntries(gradients(loss, used).map((slope, i) => [`d${used[i]!.name}`, slope])),
    );
    const slopes = await engine.compile(derivatives);
    const ours = await slopes.run(only(values, derivatives.inputs));
    const program = await engine.compile(forward);
    const lossAt = async (name: string, index: number, shift: number): Promise<number> => {
      const moved = Float32Array.from(values[name]!.data as Float32Array);
      moved[index]! += shift;
      const given = { ...values, [name]: { shape: values[name]!.shape, data: moved } };
      const result = (await program.run(only(given, forward.inputs)))['y']!.data as Float32Array;
      // Added up in double precision: a float32 sum would round the difference away.
      return result.reduce((total, value, i) => total + value * Number(weights[i]), 0);
    };
    const step = test.step ?? 1 / 128;
    for (const { name, shape } of used) {
      const every = Math.max(1, Math.floor(sizeOf(shape) / 12));
      for (let index = 0; index < sizeOf(shape); index += every) {
        const measured = ((await lossAt(name, index, step)) - (await lossAt(name, index, -step))) / (2 * step);
        const slope = Number(ours[`d${name}`]!.data[index]);
        expect(Math.abs(slope - measured), `${name}[${index}]: ${slope} or ${measured}`).toBeLessThan(
          3e-3 * Math.max(1, Math.abs(measured)),
        );
      }
    }
    await program.release();
    await slopes.release();
  });

  it("agrees with TensorFlow.js's own on both engines", async () => {
    const { loss, xs, values } = lossOf(test);
    const operands = Object.values(values).map(({ shape, data }) => tf.tensor(data as Float32Array, [...shape]));
    const theirs = tf.grads((...tensors: tf.Tensor[]) => {
      const y = test.theirs(tensors);
      return tf.sum(tf.mul(y, tf.tensor(weighting(y.shape).data as Float32Array, y.shape)));
    })(operands);
    const slopes = graph(Object.fromEntries(gradients(loss, xs).map((gradient, i) => [`d${i}`, gradient])));
    for (const engine of [onnxRuntimeEngine(), tensorflowEngine(tf)]) {
      const program = await engine.compile(slopes);
      const ours = await program.run(only(values, slopes.inputs));
      theirs.forEach((wanted, i) => {
        const expected = wanted.dataSync();
        expect(ours[`d${i}`]!.shape).toEqual(wanted.shape);
        ours[`d${i}`]!.data.forEach((value, j) => expect(value, engine.name).toBeCloseTo(expected[j]!, 4));
      });
      await program.release();
    }
  });
});

describe('gradients', () => {
  it('can be differentiated again', async () => {
    const x = input('x', []);
    const [first] = gradients(a.mul(a.mul(x, x), x), [x]);
    const [second] = gradients(first!, [x]);
    const program = await onnxRuntimeEngine().compile(graph({ second: second! }));
    const value = { shape: [], data: Float32Array.of(5) };
    expect((await program.run({ x: value }))['second']!.data[0]).toBeCloseTo(30, 4);
    await program.release();
  });

  it('refuses what is not a scalar', () => {
    const x = input('x', [2]);
    expect(() => gradients(x, [x])).toThrow('Only a float32 scalar');
  });

  it('shares the gradient of a maximum among equal winners', async () => {
    const x = input('x', [1, 3]);
    const [slope] = gradients(sum(max(x, [1])), [x]);
    const program = await onnxRuntimeEngine().compile(graph({ slope: slope! }));
    const outputs = await program.run({ x: { shape: [1, 3], data: Float32Array.of(4, 1, 4) } });
    expect(outputs['slope']!.data).toEqual(Float32Array.of(0.5, 0, 0.5));
    await program.release();
  });
});
