import { describe, expect, it } from 'vitest';

import { createSession } from '../../../src/engine/onnxruntime/session.js';
import { gradients } from '../../../src/nn/gradients.js';
import { type Graph, type Tensor, graph, input } from '../../../src/nn/graph.js';
import { lowerToOnnx } from '../../../src/nn/onnx/lower.js';
import { add, cast, greater, mul, where } from '../../../src/nn/operations/arithmetic.js';
import { channelAffine } from '../../../src/nn/operations/channel-affine.js';
import { conv2d } from '../../../src/nn/operations/convolution.js';
import { relu, square, tanh } from '../../../src/nn/operations/elementwise.js';
import { max, mean } from '../../../src/nn/operations/reductions.js';
import { reshape, slice } from '../../../src/nn/operations/shape.js';
import { expand, sum } from '../../../src/nn/operations/sum.js';
import { BATCH, type TensorData, sizeOf } from '../../../src/nn/types.js';

const C = 32;
const x = input('x', [2, 3, 4, 5]);
const stem = input('stem', [C, 3, 3, 3]);
const bias = input('bias', [C]);
const filter = input('filter', [C, C, 3, 3]);
const head = input('head', [3, C, 1, 1]);
const channels = input('channels', [2, C, 1, 1]);
const plainImage = input('plain', [2, C, 4, 5]);
const image = relu(conv2d(x, stem, bias));

/** Values for all inputs of a graph. */
function values(wanted: Graph): Record<string, TensorData> {
  const entries = [...wanted.inputs].map(([name, { shape }], phase): [string, TensorData] => {
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => 0.3 * Math.sin(i * 1.9 + phase));
    return [name, { shape, data }];
  });
  return Object.fromEntries(entries);
}

async function run(wanted: Graph, winograd: boolean): Promise<Record<string, TensorData>> {
  const session = await createSession(lowerToOnnx(wanted, { winograd }));
  try {
    return await session.run(values(wanted));
  } finally {
    await session.release();
  }
}

/** Equal but for rounding, in proportion to the largest element. */
function expectClose(seen: TensorData, wanted: TensorData, what: string): void {
  expect(seen.shape).toEqual(wanted.shape);
  const [ours, theirs] = [seen, wanted].map(({ data }) => Array.from(data as Float32Array, Number)) as [
    number[],
    number[],
  ];
  const scale = Math.max(1, ...theirs.map(Math.abs));
  expect(Math.max(...ours.map((value, i) => Math.abs(value - theirs[i]!))) / scale, what).toBeLessThan(1e-4);
}

const cases: Record<string, () => Tensor> = {
  'a convolution of few channels': () => image,
  'a tower': () => relu(add(conv2d(image, filter, bias), image)),
  'a convolution to few channels': () => conv2d(image, head),
  'a number a channel': () => add(image, channels),
  'a number a channel, without the batch': () => mul(reshape(bias, [C, 1, 1]), image),
  'an image that meets a plain one': () => mul(image, plainImage),
  'one number a point': () => add(image, slice(x, [0, 0, 0, 0], [2, 1, 4, 5])),
  'a scale and a bias a channel': () => channelAffine(image, bias, bias),
  'a mask': () => cast(greater(image, 0.1), 'float32'),
  'a mask as a result': () => greater(image, 0.1),
  'a choice': () => where(greater(image, 0.1), image, 2),
  'means of channels': () => mean(image, [2, 3]),
  'largest of channels, dimensions kept': () => max(image, [2, 3], true),
  'sums of channels': () => sum(image, [2, 3]),
  'sums to channels': () => sum(tanh(image), [0, 2, 3]),
  'another sum': () => sum(image, [1], true),
  'channels spread over an image': () => add(expand(channels, [2, C, 4, 5]), image),
  'another shape': () => reshape(image, [2, C * 20]),
};

describe('lowering point by point', () => {
  it.each(Object.entries(cases))('computes %s as the ordinary layout does', async (_name, make) => {
    const wanted = graph({ y: make() });
    const [points, plain] = [await run(wanted, true), await run(wanted, false)];
    expectClose(points['y']!, plain['y']!, 'result');
  });

  it.each(Object.entries(cases).filter(([name]) => name !== 'a mask as a result'))(
    'differentiates %s as the ordinary layout does',
    async (_name, make) => {
      const loss = sum(mul(make(), make()));
      const parameters = [x, stem, filter, head, bias, channels];
      const slopes = gradients(loss, parameters).map((slope, i) => [`d${parameters[i]!.name}`, slope]);
      const wanted = graph(Object.fromEntries(slopes) as Record<string, Tensor>);
      const [points, plain] = [await run(wanted, true), await run(wanted, false)];
      for (const name of Object.keys(plain)) expectClose(points[name]!, plain[name]!, name);
    },
  );

  it.each([
    [2, 3],
    [4, 7],
    [9, 13],
    [19, 1],
  ])('convolves boards of %i × %i, and differentiates twice', async (height, width) => {
    const board = input('board', [2, 3, height, width]);
    const squared = square(conv2d(board, stem, bias));
    const [first] = gradients(sum(squared), [board]);
    const [second] = gradients(sum(square(first!)), [stem]);
    const wanted = graph({ y: squared, first: first!, second: second! });
    const [points, plain] = [await run(wanted, true), await run(wanted, false)];
    for (const name of Object.keys(plain)) expectClose(points[name]!, plain[name]!, name);
  });

  it.each([
    [96, 19, true],
    [96, 9, true],
    [96, 13, false],
    [96, 7, false],
    [95, 19, false],
  ])('uses Winograd for %i constant filters on boards of %i: %s', (count, size, uses) => {
    const board = input('board', [BATCH, count, size, size]);
    const trained = input('filter', [count, count, 3, 3]);
    const wanted = graph({ y: conv2d(board, trained) });
    const text = (constants: ReadonlyMap<string, Float32Array>): string =>
      Buffer.from(lowerToOnnx(wanted, { winograd: true, constants })).toString('latin1');
    expect(text(new Map())).not.toContain('Conv');
    expect(text(new Map([['filter', new Float32Array(count * count * 9)]])).includes('Conv')).toBe(!uses);
  });

  it('gives a position the same numbers in any batch, where filters are constant', async () => {
    const [count, size, most] = [96, 9, 11];
    const board = input('board', [BATCH, count, size, size]);
    const wanted = graph({ y: relu(conv2d(board, input('filter', [count, count, 3, 3]))) });
    const wave = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => 0.3 * Math.sin(i * 1.9));
    const constants = new Map([['filter', wave(count * count * 9)]]);
    const session = await createSession(lowerToOnnx(wanted, { winograd: true, constants }));
    const one = count * size * size;
    const boards = wave(most * one);
    const run = async (from: number, to: number): Promise<number[]> => {
      const data = boards.slice(from * one, to * one);
      return Array.from(
        (await session.run({ board: { shape: [to - from, count, size, size], data } }))['y']!.data,
        Number,
      );
    };
    const all = await run(0, most);
    for (const [from, to] of [
      [0, 1],
      [10, 11],
      [2, 5],
      [1, 9],
    ] as const) {
      expect(await run(from, to)).toEqual(all.slice(from * one, to * one));
    }
    await session.release();
  });
});
