import { describe, expect, it } from 'vitest';

import { createSession } from '../../../src/engine/onnxruntime/session.js';
import { gradients } from '../../../src/nn/gradients.js';
import { graph, input, next } from '../../../src/nn/graph.js';
import { lowerToOnnx } from '../../../src/nn/onnx/lower.js';
import { mul, sub } from '../../../src/nn/operations/arithmetic.js';
import { conv2d } from '../../../src/nn/operations/convolution.js';
import { relu, square } from '../../../src/nn/operations/elementwise.js';
import { mean } from '../../../src/nn/operations/reductions.js';
import { BATCH } from '../../../src/nn/types.js';

const ramp = (length: number, scale = 1): Float32Array =>
  Float32Array.from({ length }, (_, i) => scale * Math.sin(i * 0.7 + 0.3));

describe('lowering to ONNX', () => {
  it('makes a training step that lowers its loss when it is repeated', async () => {
    const x = input('x', [4, 3, 5, 5]);
    const filter = input('filter', [2, 3, 3, 3]);
    const target = input('target', [4, 2, 5, 5]);
    const loss = mean(square(sub(relu(conv2d(x, filter)), target)));
    const [slope] = gradients(loss, [filter]);
    const session = await createSession(lowerToOnnx(graph({ loss, [next('filter')]: sub(filter, mul(slope!, 0.1)) })));
    const batch = {
      x: { shape: [4, 3, 5, 5], data: ramp(300) },
      target: { shape: [4, 2, 5, 5], data: ramp(200, 0.5) },
    };
    let state = { shape: [2, 3, 3, 3], data: ramp(54, 0.1) };
    const losses: number[] = [];
    for (let step = 0; step < 10; step++) {
      const results = await session.run({ ...batch, filter: state });
      losses.push(Number(results['loss']!.data[0]));
      state = results['next:filter'] as typeof state;
    }
    await session.release();
    for (let step = 1; step < 10; step++) expect(losses[step]!).toBeLessThan(losses[step - 1]!);
  });

  it('bakes constants in and leaves the batch size open', async () => {
    const y = conv2d(input('x', [BATCH, 1, 2, 2]), input('filter', [1, 1, 1, 1]), input('bias', [1]));
    const constants = new Map([
      ['filter', Float32Array.of(3)],
      ['bias', Float32Array.of(1)],
    ]);
    const session = await createSession(lowerToOnnx(graph({ y }), { constants }));
    expect(session.inputNames).toEqual(['x']);
    for (const batch of [1, 3]) {
      const shape = [batch, 1, 2, 2];
      const results = await session.run({ x: { shape, data: new Float32Array(batch * 4).fill(2) } });
      expect(results['y']).toEqual({ shape, data: new Float32Array(batch * 4).fill(7) });
    }
    await session.release();
  });

  it('refuses a constant that names no input or does not fit', () => {
    const y = mul(input('x', [2]), 2);
    expect(() => lowerToOnnx(graph({ y }), { constants: new Map([['z', Float32Array.of(1)]]) })).toThrow(
      "no input 'z'",
    );
    expect(() => lowerToOnnx(graph({ y }), { constants: new Map([['x', Float32Array.of(1)]]) })).toThrow('1 elements');
  });
});
