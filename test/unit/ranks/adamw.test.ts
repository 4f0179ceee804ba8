import { expect, test } from 'vitest';

import { onnxRuntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { graph, input, next } from '../../../src/nn/graph.js';
import { adamW } from '../../../src/nn/optimizers/adamw.js';
import { States } from '../../../src/nn/optimizers/optimizer.js';
import { adamWShare } from '../../../src/ranks/adamw.js';
import { copyOfStep, exportState, layOut, makeStateMemory } from '../../../src/ranks/training-state.js';

const shapes = new Map([
  ['bias', [3]],
  ['matrix', [2, 4]],
]);
const layout = layOut(shapes);
const weights = new Map(
  [...shapes].map(([name, shape]) => {
    const length = shape.reduce((a, b) => a * b, 1);
    return [name, { shape, data: Float32Array.from({ length }, (_, i) => Math.sin(i + length)) }];
  }),
);
const settings = { learningRate: 0.1, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.3, scale: 1 };
const gradientOf = (step: number): Float32Array =>
  Float32Array.from({ length: layout.length }, (_, i) => Math.cos(3 * i + step));

/** Three updates, in shares that end at `cuts`. */
function update(cuts: readonly number[]): ReturnType<typeof exportState> {
  const memory = makeStateMemory(layout, 0, weights);
  for (let step = 0; step < 3; step++) {
    const gradient = gradientOf(step);
    let start = 0;
    for (const end of cuts) {
      const [from, to] = [copyOfStep(memory, step), copyOfStep(memory, step + 1)];
      const part = gradient.subarray(start, end);
      adamWShare(layout, from, to, part, { start, end }, { ...settings, update: step + 1 });
      start = end;
    }
  }
  return exportState(memory, 3);
}

test('the flat AdamW makes the updates of the graph', async () => {
  const rate = input('rate', []);
  const states = new States();
  const trainables = [...shapes].map(([name, shape]) => ({
    name,
    value: input(name, shape),
    gradient: input(`gradient:${name}`, shape),
    decays: shape.length > 1,
  }));
  const updated = adamW({ kind: 'adamw', beta1: 0.9, beta2: 0.95, weightDecay: 0.3 })(trainables, rate, states);
  const outputs = [...updated, ...states.next].map(([name, tensor]) => [next(name), tensor] as const);
  const program = await onnxRuntimeEngine().compile(graph(Object.fromEntries(outputs)));
  let state: Record<string, { shape: readonly number[]; data: Float32Array }> = Object.fromEntries(weights);
  for (const { name, shape, initial } of states.declared) {
    const length = shape.reduce((a, b) => a * b, 1);
    state[name] = { shape, data: new Float32Array(length).fill(Number(initial)) };
  }
  for (let step = 0; step < 3; step++) {
    const gradients = layout.parameters.map(({ name, shape, offset, length }) => {
      return [`gradient:${name}`, { shape, data: gradientOf(step).slice(offset, offset + length) }] as const;
    });
    const learningRate = { shape: [], data: Float32Array.of(settings.learningRate) };
    const results = await program.run({ ...state, ...Object.fromEntries(gradients), rate: learningRate });
    state = Object.fromEntries(
      Object.entries(results).map(([name, value]) => [name.slice('next:'.length), value]),
    ) as typeof state;
  }
  for (const [name, { data }] of update([layout.length])) {
    const expected = state[name]?.data;
    expect(expected, name).toBeDefined();
    data.forEach((value, i) => expect(value).toBeCloseTo(expected![i]!, 5));
  }
});

test('shares may be cut anywhere without changing a bit', () => {
  expect(update([2, 5, layout.length])).toEqual(update([layout.length]));
});

test('the state names what is missing or of another size', () => {
  expect(() => makeStateMemory(layout, 0, new Map([...weights].slice(0, 1)))).toThrow("Parameter 'matrix' is missing");
  const wrong = new Map(weights).set('bias', { shape: [2], data: new Float32Array(2) });
  expect(() => makeStateMemory(layout, 0, wrong)).toThrow("Tensor 'bias' has 2 values; 3 are wanted");
});
