import { describe, expect, it } from 'vitest';

import { Rng } from '../../../src/core/rng.js';
import type { NamedTensors } from '../../../src/engine/engine.js';
import { createSession } from '../../../src/engine/onnxruntime/session.js';
import { graph, type Graph, input } from '../../../src/nn/graph.js';
import { servingConstants, servingGraph } from '../../../src/nn/networks/serving.js';
import { lowerToOnnx } from '../../../src/nn/onnx/lower.js';
import { conv2d } from '../../../src/nn/operations/convolution.js';
import { relu } from '../../../src/nn/operations/elementwise.js';
import { quantizedConvolutions } from '../../../src/nn/quantization/quantizable.js';
import { observedGraph, type Range, RangeRecorder } from '../../../src/nn/quantization/ranges.js';
import { simplify } from '../../../src/nn/simplify.js';
import type { TensorData } from '../../../src/nn/types.js';
import { livelyWeights, tinyArchitecture } from '../../support/go-training.js';

const architecture = { ...tinyArchitecture, blocks: 3, channels: 16 };
const weights = livelyWeights(architecture, new Rng(4));
const constants = servingConstants({ weights });
const served = servingGraph(architecture);
const count = 24;

function positions(seed: number): NamedTensors {
  const { size, planes, globals } = architecture;
  const rng = new Rng(seed);
  const binary = (length: number): Float32Array => Float32Array.from({ length }, () => Number(rng.float() < 0.4));
  return {
    planes: { shape: [count, planes, size, size], data: binary(count * planes * size * size) },
    globals: { shape: [count, globals], data: binary(count * globals) },
  };
}

async function run(model: Uint8Array, inputs: NamedTensors): Promise<Record<string, TensorData>> {
  const session = await createSession(model);
  const outputs = await session.run(inputs);
  await session.release();
  return outputs;
}

async function calibrate(of: Graph, given: ReadonlyMap<string, Float32Array>, inputs: NamedTensors): Promise<Range[]> {
  const observed = observedGraph(of);
  const own = new Map([...given].filter(([name]) => observed.inputs.has(name)));
  const recorder = new RangeRecorder(observed);
  recorder.record(await run(lowerToOnnx(observed, { constants: own }), inputs));
  return recorder.ranges(0.9999);
}

describe('a quantized network', () => {
  it('answers nearly as it does in float32, on positions that it was not calibrated on', async () => {
    const ranges = await calibrate(served, constants, positions(1));
    const inputs = positions(2);
    const exact = await run(lowerToOnnx(served, { constants }), inputs);
    const quantized = await run(lowerToOnnx(served, { constants, ranges }), inputs);
    for (const [name, { data }] of Object.entries(exact)) {
      const seen = quantized[name]!.data as Float32Array;
      const values = data as Float32Array;
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      const error = values.reduce((sum, value, i) => sum + (value - seen[i]!) ** 2, 0);
      expect(error, name).toBeGreaterThan(0);
      expect(error / variance, name).toBeLessThan(0.01);
    }
  });

  it('has its whole trunk in eight bits and its heads in float32', () => {
    const names = [...quantizedConvolutions(simplify(served))].map((tensor) => {
      const [, filter] = tensor.kind === 'computed' ? tensor.inputs : [];
      return filter?.kind === 'input' ? filter.name : '';
    });
    const blocks = [0, 1, 2].flatMap((block) => [`block${block}/filter1`, `block${block}/filter2`]);
    expect(names.sort()).toEqual([...blocks, 'stem/filter'].sort());
  });

  it.each([false, true])('computes what fits in eight bits exactly, for matrix tiles: %s', async (matrixTiles) => {
    const channels = 64;
    const image = input('x', [1, 1, 2, 2]);
    const [first, second] = [input('f', [channels, 1, 1, 1]), input('g', [channels, channels, 1, 1])];
    const hidden = relu(conv2d(image, first));
    const small = graph({ hidden, y: conv2d(conv2d(hidden, second), second) });
    const given = new Map([
      ['f', new Float32Array(channels).fill(1)],
      ['g', Float32Array.from({ length: channels ** 2 }, (_, i) => Number(i % (channels + 1) === 0))],
    ]);
    const ranges = [
      { min: -127, max: 128 },
      { min: 0, max: 255 },
      { min: 0, max: 255 },
    ];
    const inputs = { x: { shape: [1, 1, 2, 2], data: Float32Array.of(-3, 0, 5, 128) } };
    const { y } = await run(lowerToOnnx(small, { constants: given, ranges, matrixTiles }), inputs);
    expect([...(y!.data as Float32Array).subarray(0, 4)]).toEqual([0, 0, 5, 128]);
  });
});

describe('the recorder of ranges', () => {
  const observed = graph({ 'observed:0': relu(input('x', [4])) });

  it('keeps a share of the values, and zero', () => {
    const recorder = new RangeRecorder(observed);
    recorder.record({ 'observed:0': { data: Float32Array.from({ length: 1000 }, (_, i) => (i + 0.5) / 1000) } });
    recorder.record({ 'observed:0': { data: Float32Array.of(1e6) } });
    const [whole] = recorder.ranges(1);
    expect(whole!.min === 0 && whole!.max >= 1e6).toBe(true);
    const narrow = new RangeRecorder(observed);
    narrow.record({ 'observed:0': { data: Float32Array.from({ length: 1000 }, (_, i) => (i + 0.5) / 1000 - 1) } });
    expect(narrow.ranges(0.9)[0]!.min).toBeCloseTo(-0.95, 2);
    expect(narrow.ranges(0.9)[0]!.max).toBe(0);
  });
});
