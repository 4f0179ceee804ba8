import { describe, expect, it } from 'vitest';

import { type Tensor, constant, graph, input, next, stateNames } from '../../../src/nn/graph.js';
import { MessageWriter } from '../../../src/nn/onnx/protobuf.js';
import { add, mul } from '../../../src/nn/operations/arithmetic.js';
import { conv2d } from '../../../src/nn/operations/convolution.js';
import { exp, sign } from '../../../src/nn/operations/elementwise.js';
import { gather } from '../../../src/nn/operations/gather.js';
import { matMul } from '../../../src/nn/operations/matmul.js';
import { concat, pad, reshape, slice } from '../../../src/nn/operations/shape.js';
import { expand, sum } from '../../../src/nn/operations/sum.js';
import { simplify } from '../../../src/nn/simplify.js';
import { BATCH } from '../../../src/nn/types.js';

describe('a graph', () => {
  it('holds what its outputs need, each tensor after its operands', () => {
    const [x, unused] = [input('x', [2]), input('unused', [2])];
    mul(unused, 2);
    const y = add(exp(x), x);
    const made = graph({ y });
    expect([...made.inputs.keys()]).toEqual(['x']);
    made.order.forEach((tensor, i) => {
      if (tensor.kind !== 'computed') return;
      for (const operand of tensor.inputs) expect(made.order.indexOf(operand)).toBeLessThan(i);
    });
  });

  it('is built without recursion, however deep', () => {
    let y: Tensor = input('x', []);
    for (let i = 0; i < 20_000; i++) y = add(y, 1);
    expect(graph({ y }).order.length).toBeGreaterThan(20_000);
  });

  it('knows its state by the outputs that follow inputs', () => {
    const [w, x] = [input('w', [2]), input('x', [2])];
    expect(stateNames(graph({ [next('w')]: add(w, x) }))).toEqual(['w']);
    expect(() => graph({ [next('w')]: sum(add(w, x)) })).toThrow("Output 'next:w' has shape []");
  });

  it('refuses names that mean two things', () => {
    expect(() => graph({ y: add(input('x', [2]), input('x', [2])) })).toThrow("called 'x'");
    expect(() => graph({ x: exp(input('x', [2])) })).toThrow('both an input and an output');
  });

  it('is merged where it computes the same thing twice', () => {
    const x = input('x', [2]);
    const double = (): Tensor => mul(exp(x), 2);
    const merged = simplify(graph({ y: add(double(), double()), z: double() }));
    const names = merged.order.map((tensor) => (tensor.kind === 'computed' ? tensor.operation.name : tensor.kind));
    expect(names).toEqual(['input', 'exp', 'constant', 'mul', 'add']);
    const other = simplify(graph({ y: add(mul(exp(x), 2), mul(exp(x), 3)) }));
    expect(other.order).toHaveLength(7);
  });
});

describe('shapes', () => {
  const refused: Record<string, readonly [make: () => unknown, message: string]> = {
    'that do not broadcast': [() => add(input('x', [2]), input('y', [3])), '[2] and [3] do not broadcast'],
    'of matrices that do not fit': [() => matMul(input('x', [2, 3]), input('y', [2, 3])), 'Cannot multiply'],
    'that lose elements': [() => reshape(input('x', [2, 3]), [5]), 'Cannot reshape [2,3] to [5]'],
    'that swap symbols': [() => reshape(input('x', [BATCH, -2]), [-2, BATCH]), 'Cannot reshape [BATCH,SYMBOL2]'],
    'that drop the batch': [() => reshape(input('x', [BATCH, 4]), [4]), 'Cannot reshape [BATCH,4]'],
    'with a length of nothing': [() => input('x', [BATCH, 0]), 'lengths must be whole and positive, or symbols'],
    'of slices outside': [() => slice(input('x', [4]), [2], [3]), 'Cannot slice [4] from [2]'],
    'of padding in the batch': [() => pad(input('x', [BATCH]), [1], [0]), 'Cannot pad [BATCH]'],
    'that do not join': [() => concat([input('x', [2, 3]), input('y', [3, 3])], 1), 'Cannot concatenate'],
    'that expand by nothing': [() => expand(input('x', [2]), [3]), 'do not broadcast'],
    'of filters of other channels': [
      () => conv2d(input('x', [1, 2, 3, 3]), input('w', [1, 3, 3, 3])),
      'Cannot convolve',
    ],
    'of even filters': [() => conv2d(input('x', [1, 2, 3, 3]), input('w', [1, 2, 2, 2])), 'K odd'],
    'of constants of another size': [() => constant(new Float32Array(3), [2]), '3 elements'],
  };
  it.each(Object.entries(refused))('%s are refused', (_name, [make, message]) => {
    expect(make).toThrow(message);
  });

  it('of another element type are refused', () => {
    expect(() => add(input('x', [2]), input('y', [2], 'int64'))).toThrow('float32 and int64');
    expect(() => gather(input('x', [2]), input('y', [2]))).toThrow('int64 indices');
    expect(() => sign(input('x', [2], 'int64'))).toThrow('needs float32');
  });
});

describe('protocol-buffer messages', () => {
  it('are written as the encoding guide shows', () => {
    // https://protobuf.dev/programming-guides/encoding/: 150 in field 1; "testing" in field 2.
    expect(new MessageWriter().int(1, 150).finish()).toEqual(Uint8Array.of(0x08, 0x96, 0x01));
    const text = [0x12, 0x07, ...Buffer.from('testing')];
    expect(new MessageWriter().text(2, 'testing').finish()).toEqual(Uint8Array.from(text));
    const nested = new MessageWriter().message(3, new MessageWriter().int(1, 150));
    expect(nested.finish()).toEqual(Uint8Array.of(0x1a, 0x03, 0x08, 0x96, 0x01));
  });

  it('write negative numbers as ten bytes and floats in four', () => {
    const minusTwo = [0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    expect(new MessageWriter().int(1, -2).finish()).toEqual(Uint8Array.from(minusTwo));
    expect(new MessageWriter().float(2, 1).finish()).toEqual(Uint8Array.of(0x15, 0, 0, 0x80, 0x3f));
  });
});
