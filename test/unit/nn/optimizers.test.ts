import { describe, expect, test } from 'vitest';

import { onnxRuntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { type Tensor, graph, input, next } from '../../../src/nn/graph.js';
import { adamW } from '../../../src/nn/optimizers/adamw.js';
import { clipByNorm, globalNorm } from '../../../src/nn/optimizers/clipping.js';
import { type Optimizer, States } from '../../../src/nn/optimizers/optimizer.js';
import { makeSchedule } from '../../../src/nn/optimizers/schedules.js';
import { sgd } from '../../../src/nn/optimizers/sgd.js';
import { scalar } from '../../support/go-training.js';

/** Runs an optimizer on one number and given gradients; returns the number after each step. */
async function trajectory(
  optimizer: Optimizer,
  options: { start: number; rate: number; gradients: readonly number[]; decays?: boolean },
): Promise<number[]> {
  const { start, rate, gradients, decays = true } = options;
  const value = input('w', [1]);
  const states = new States();
  const trainable = { name: 'w', value, gradient: input('g', [1]), decays };
  const updated = optimizer([trainable], input('learningRate', []), states);
  const following = [...updated, ...states.next].map(([name, tensor]): [string, Tensor] => [next(name), tensor]);
  const initial = states.declared.map(({ name, shape, initial: first }) => {
    expect(typeof first).toBe('number');
    return [name, { shape, data: Float32Array.of(first as number) }] as const;
  });
  const state = { w: { shape: [1], data: Float32Array.of(start) }, ...Object.fromEntries(initial) };
  const training = await onnxRuntimeEngine().train(graph(Object.fromEntries(following)), state);
  const seen: number[] = [];
  for (const gradient of gradients) {
    await training.step({ g: { shape: [1], data: Float32Array.of(gradient) }, learningRate: scalar(rate) });
    seen.push(Number((await training.exportState())['w']!.data[0]));
  }
  await training.release();
  return seen;
}

function expectClose(seen: readonly number[], wanted: readonly number[]): void {
  expect(seen.length).toBe(wanted.length);
  wanted.forEach((value, i) => expect(seen[i]).toBeCloseTo(value, 6));
}

describe('SGD', () => {
  test('adds momentum', async () => {
    // m = 1, then 0.5·1 + 2 = 2.5
    const seen = await trajectory(sgd({ kind: 'sgd', momentum: 0.5 }), { start: 3, rate: 0.1, gradients: [1, 2] });
    expectClose(seen, [2.9, 2.65]);
  });

  test('looks ahead with Nesterov', async () => {
    // directions 1 + 0.5·1 and 2 + 0.5·2.5
    const optimizer = sgd({ kind: 'sgd', momentum: 0.5, nesterov: true });
    expectClose(await trajectory(optimizer, { start: 3, rate: 0.1, gradients: [1, 2] }), [2.85, 2.525]);
  });

  test('decays apart from the gradient, and only what decays', async () => {
    const optimizer = sgd({ kind: 'sgd', momentum: 0.9, weightDecay: 0.5 });
    const options = { start: 4, rate: 0.1, gradients: [0, 0] };
    expectClose(await trajectory(optimizer, options), [3.8, 3.61]);
    expectClose(await trajectory(optimizer, { ...options, decays: false }), [4, 4]);
  });
});

describe('AdamW', () => {
  test('makes a first step of the learning rate whatever the size of the gradient', async () => {
    for (const gradient of [1e-3, 1, 1000]) {
      const seen = await trajectory(adamW({ kind: 'adamw' }), { start: 1, rate: 0.01, gradients: [gradient] });
      expect(seen[0]).toBeCloseTo(0.99, 5);
    }
  });

  test('follows its formula', async () => {
    const [beta1, beta2, epsilon, weightDecay, rate] = [0.8, 0.9, 1e-3, 0.2, 0.1];
    const gradients = [1, -2, 0.5];
    let [w, m, v] = [2, 0, 0];
    const wanted = gradients.map((g, i) => {
      m = beta1 * m + (1 - beta1) * g;
      v = beta2 * v + (1 - beta2) * g * g;
      const step = m / (1 - beta1 ** (i + 1)) / (Math.sqrt(v / (1 - beta2 ** (i + 1))) + epsilon);
      return (w = w - rate * weightDecay * w - rate * step);
    });
    const optimizer = adamW({ kind: 'adamw', beta1, beta2, epsilon, weightDecay });
    expectClose(await trajectory(optimizer, { start: 2, rate, gradients }), wanted);
  });
});

describe('clipping by the global norm', () => {
  const shrink = async (values: readonly number[], limit: number): Promise<number[]> => {
    const gradients = [input('a', [1]), input('b', [2])];
    const norm = globalNorm(gradients);
    const [a, b] = clipByNorm(gradients, norm, limit);
    const program = await onnxRuntimeEngine().compile(graph({ norm, clippedA: a!, clippedB: b! }));
    const out = await program.run({
      a: { shape: [1], data: Float32Array.of(values[0]!) },
      b: { shape: [2], data: Float32Array.from(values.slice(1)) },
    });
    await program.release();
    return ['norm', 'clippedA', 'clippedB'].flatMap((name) => Array.from(out[name]!.data as Float32Array));
  };

  test('shortens all gradients together', async () => {
    const [norm, ...clipped] = await shrink([2, -3, 6], 3.5);
    expect(norm).toBeCloseTo(7, 6);
    [1, -1.5, 3].forEach((value, i) => expect(clipped[i]).toBeCloseTo(value, 5));
  });

  test('leaves short and zero gradients alone', async () => {
    expect(await shrink([2, -3, 6], 8)).toEqual([7, 2, -3, 6]);
    expect(await shrink([0, 0, 0], 1)).toEqual([0, 0, 0, 0]);
  });
});

describe('schedules', () => {
  const rates = (options: Parameters<typeof makeSchedule>[0], steps: readonly number[]): number[] =>
    steps.map(makeSchedule(options));

  test('a constant rate rises through its warm-up and stays', () => {
    expectClose(rates({ decay: 'constant', peak: 0.4, warmupSteps: 3 }, [0, 1, 2, 3, 1000]), [0.1, 0.2, 0.3, 0.4, 0.4]);
    expect(rates({ decay: 'constant', peak: 0.4 }, [0])).toEqual([0.4]);
  });

  test('cosine and linear come down to the final rate and stay there', () => {
    const base = { peak: 1, final: 0.2, warmupSteps: 10, totalSteps: 50 };
    expectClose(rates({ ...base, decay: 'linear' }, [10, 20, 30, 50, 90]), [1, 0.8, 0.6, 0.2, 0.2]);
    expectClose(rates({ ...base, decay: 'cosine' }, [10, 30, 50, 90]), [1, 0.6, 0.2, 0.2]);
  });

  test('step multiplies at its milestones', () => {
    const options = { decay: 'step', peak: 1, milestones: [5, 8], factor: 0.5 } as const;
    expectClose(rates(options, [4, 5, 7, 8]), [1, 0.5, 0.5, 0.25]);
  });

  test('numbers that make no schedule are refused', () => {
    expect(() => makeSchedule({ decay: 'constant', peak: 0 })).toThrow(/peak learning rate is 0/);
    expect(() => makeSchedule({ decay: 'cosine', peak: 1, warmupSteps: 5, totalSteps: 5 })).toThrow(/totalSteps is 5/);
    expect(() => makeSchedule({ decay: 'linear', peak: 1, totalSteps: 5, final: 2 })).toThrow(
      /final learning rate is 2/,
    );
  });
});
