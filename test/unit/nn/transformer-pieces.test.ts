import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/rng.js';
import type { NamedTensors } from '../../../src/engine/engine.js';
import { onnxRuntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { zigZagShards } from '../../../src/methods/scheduling/shards.js';
import type { TransformerConfiguration } from '../../../src/nn/networks/transformer/configuration.js';
import { initialTransformer, transformerParameters } from '../../../src/nn/networks/transformer/parameters.js';
import { backwardPiece, forwardPiece, gradientName } from '../../../src/nn/networks/transformer/pieces.js';
import { transformerUpdate } from '../../../src/nn/networks/transformer/update.js';
import { transformerGraph } from '../../../src/nn/networks/transformer/whole.js';
import { type TensorData, sizeOf } from '../../../src/nn/types.js';
import { column, packTokens, scalar } from '../../support/packed-tokens.js';

const { configuration } = JSON.parse(
  readFileSync(new URL('../../data/transformer/llama.json', import.meta.url), 'utf8'),
) as { configuration: TransformerConfiguration };
const engine = onnxRuntimeEngine();
const weights = Object.fromEntries(initialTransformer(configuration, new Rng(3)));
const floats = (tensor: TensorData | undefined): Float32Array => tensor!.data as Float32Array;

function expectNear(a: ArrayLike<number>, b: ArrayLike<number>, tolerance: number): void {
  expect(a.length).toBe(b.length);
  const scale = Math.max(...Array.from(b, Math.abs));
  expect(scale).toBeGreaterThan(0);
  for (let i = 0; i < a.length; i++) expect(Math.abs(a[i]! - b[i]!)).toBeLessThan(tolerance * scale);
}

/** Rows of a matrix, in this order. */
function pick(from: TensorData, rows: readonly number[]): TensorData {
  const width = from.shape[1]!;
  const data = rows.flatMap((row) => Array.from(floats(from).subarray(row * width, (row + 1) * width)));
  return { shape: [rows.length, width], data: Float32Array.from(data) };
}

function random(rng: Rng, rows: number, width: number): TensorData {
  return { shape: [rows, width], data: Float32Array.from({ length: rows * width }, () => rng.normal()) };
}

describe('packed sequences', () => {
  it('give the logits of each alone', async () => {
    const sequences = [[3, 1, 4, 1, 5, 9], [2], [7, 1, 8, 2]];
    const program = await engine.compile(transformerGraph(configuration));
    const packed = floats((await program.run({ ...packTokens(sequences), ...weights }))['logits']);
    const alone: number[] = [];
    for (const sequence of sequences) {
      alone.push(...floats((await program.run({ ...packTokens([sequence]), ...weights }))['logits']));
    }
    expectNear(packed, alone, 1e-5);
    await program.release();
  });
});

describe('attention of a sequence', () => {
  const length = 13;
  const { heads, keyValueHeads, headWidth } = configuration;
  const rng = new Rng(5);
  const q = random(rng, length, heads * headWidth);
  const dO = random(rng, length, heads * headWidth);
  const keys = {
    k: random(rng, length, keyValueHeads * headWidth),
    v: random(rng, length, keyValueHeads * headWidth),
    keyPositions: column(Array.from({ length }, (_, i) => i)),
    keySegments: column(new Array<number>(length).fill(0)),
  };
  const queriesOf = (rows: readonly number[]): NamedTensors => ({
    q: pick(q, rows),
    queryPositions: column(rows),
    querySegments: column(rows.map(() => 0)),
  });
  const all = Array.from({ length }, (_, i) => i);

  it.each([1, 2, 3])('in the zig-zag shards of %i ranks is that of the whole, forward and backward', async (ranks) => {
    const forward = await engine.compile(forwardPiece(configuration, 'attend'));
    const backward = await engine.compile(backwardPiece(configuration, 'attend'));
    const whole = await forward.run({ ...queriesOf(all), ...keys });
    const gradient = await backward.run({ ...queriesOf(all), ...keys, 'd:o': dO });
    const sums = { k: new Float32Array(keys.k.data.length), v: new Float32Array(keys.v.data.length) };
    for (let rank = 0; rank < ranks; rank++) {
      const rows = zigZagShards(length, ranks, rank).flatMap(({ start, end }) => all.slice(start, end));
      const part = await forward.run({ ...queriesOf(rows), ...keys });
      expectNear(floats(part['o']), floats(pick(whole['o']!, rows)), 1e-6);
      const ofPart = await backward.run({ ...queriesOf(rows), ...keys, 'd:o': pick(dO, rows) });
      expectNear(floats(ofPart['d:q']), floats(pick(gradient['d:q']!, rows)), 1e-5);
      for (const name of ['k', 'v'] as const) {
        floats(ofPart[`d:${name}`]).forEach((value, i) => (sums[name][i] = sums[name][i]! + value));
      }
    }
    expectNear(sums.k, floats(gradient['d:k']), 1e-5);
    expectNear(sums.v, floats(gradient['d:v']), 1e-5);
    await forward.release();
    await backward.release();
  });
});

describe('the update by summed gradients', () => {
  it('moves the first step by the learning rate against the sign of the gradient', async () => {
    const optimizer = { kind: 'adamw', epsilon: 1e-12 } as const;
    const update = transformerUpdate(configuration, { optimizer, clipNorm: 1 });
    const initial = Object.fromEntries(
      update.state.map(({ name, shape, initial: start }): [string, TensorData] => {
        if (typeof start !== 'number') return [name, weights[start.copyOf]!];
        return [name, { shape, data: new Float32Array(sizeOf(shape)).fill(start) }];
      }),
    );
    const training = await engine.train(update.graph, initial);
    const shapes = transformerParameters(configuration);
    const gradients = Object.fromEntries(
      shapes.map(({ name, shape }) => {
        const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => (i % 2 === 0 ? 3 : -3));
        return [gradientName(name), { shape, data }];
      }),
    );
    const count = shapes.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const report = await training.step({ ...gradients, learningRate: scalar(0.01) });
    expect(Math.abs(report['gradientNorm']! / (3 * Math.sqrt(count)) - 1)).toBeLessThan(1e-5);
    const state = await training.exportState();
    for (const { name } of shapes) {
      const moved = floats(state[name]).map((value, i) => value - floats(weights[name])[i]!);
      moved.forEach((value, i) => expect(Math.abs(value - (i % 2 === 0 ? -0.01 : 0.01))).toBeLessThan(1e-5));
    }
    await training.release();
  });
});
