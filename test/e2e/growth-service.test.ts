import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { partsOfBytes } from '../../clients/shared/upload.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/nn/safetensors.js';
import {
  type GrowCheckpointRequest,
  GrowthDescription,
  GrowthMethod,
  GrowthServiceDefinition,
  type GrowthSummary,
} from '../../src/proto/tengen/v1/growth.js';
import { randomNumbers } from '../support/grown.js';
import { skipWithout } from '../support/needs.js';
import { pythonWithTorch } from '../support/python.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';

const python = pythonWithTorch();
let dataDir: string;
let server: ServerProcess;

beforeAll(async () => {
  dataDir = makeDataDir();
  server = await startServerProcess(dataDir);
});
afterAll(async () => {
  await server.kill();
  removeDataDir(dataDir);
});

const tensor = (shape: number[], seed: number): { shape: number[]; data: Float32Array } => ({
  shape,
  data: randomNumbers(
    shape.reduce((a, b) => a * b, 1),
    seed,
  ),
});

/** Two layers of a joint matrix [3 · 4, 4], a filter [4, 2, 3, 3], and a tensor that nobody describes. */
const checkpoint = new Map([
  ['layers.0.qkv', tensor([12, 4], 1)],
  ['layers.1.qkv', tensor([12, 4], 2)],
  ['stem', tensor([4, 2, 3, 3], 3)],
  ['other', tensor([5], 4)],
]);
const written = { units: 'stream', isRead: false, parts: 0 };
const read = { units: 'stream', isRead: true, parts: 0 };
const kept = { units: '', isRead: false, parts: 0 };
const described: GrowthDescription = {
  method: GrowthMethod.FPI,
  seed: 1n,
  units: [{ name: 'stream', from: 4, to: 8, copies: [] }],
  sourceLayers: 2,
  targetLayers: 3,
  parameters: [
    { name: 'layers.{layer}.qkv', axes: [{ ...written, parts: 3 }, read], isWriter: false },
    { name: 'stem', axes: [written, kept, kept, kept], isWriter: false },
  ],
};

async function grow(
  description: Partial<GrowthDescription>,
  file: Uint8Array = encodeSafetensors(checkpoint, { epoch: '3' }),
): Promise<{ summary: GrowthSummary | undefined; file: Uint8Array }> {
  const value = GrowthDescription.fromPartial({ ...described, ...description });
  const requests = async function* (): AsyncGenerator<GrowCheckpointRequest> {
    yield { body: { $case: 'description', value }, sizeBytes: 0, sha256: '' };
    for await (const { chunk, ...said } of partsOfBytes(file)) {
      yield { body: { $case: 'chunk', value: Buffer.from(chunk) }, ...said };
    }
  };
  let summary: GrowthSummary | undefined;
  const chunks: Uint8Array[] = [];
  for await (const { body } of server.connect().client(GrowthServiceDefinition).growCheckpoint(requests())) {
    if (body?.$case === 'summary') summary = body.value;
    else if (body) chunks.push(body.value);
  }
  return { summary, file: Buffer.concat(chunks) };
}

describe('GrowthService', { timeout: 60_000 }, () => {
  it('grows what is described, part by part and layer by layer, and keeps the rest', async () => {
    const { summary, file } = await grow({});
    const { tensors, metadata } = decodeSafetensors(file);
    expect(summary).toMatchObject({ sourceParameterCount: 173, parameterCount: 3 * 24 * 8 + 8 * 18 + 5 });
    expect(metadata).toEqual({ epoch: '3' });
    expect(tensors.get('other')!.data).toEqual(checkpoint.get('other')!.data);
    const { data: stem } = checkpoint.get('stem')!;
    expect(tensors.get('stem')).toMatchObject({ shape: [8, 2, 3, 3], data: Float32Array.from([...stem, ...stem]) });
    for (let layer = 0; layer < 3; layer++) {
      const source = checkpoint.get(`layers.${layer % 2}.qkv`)!.data;
      // Each of the three parts is doubled by itself, and every input is shared by its two copies.
      const expected = Float32Array.from({ length: 24 * 8 }, (_, i) => {
        const [row, column] = [Math.floor(i / 8), i % 8];
        return source[(4 * Math.floor(row / 8) + (row % 4)) * 4 + (column % 4)]! / 2;
      });
      expect(tensors.get(`layers.${layer}.qkv`)).toMatchObject({ shape: [24, 8], data: expected });
    }
  });

  it.each([
    [{ targetLayers: 1 }, /target_layers is 1, less than source_layers, 2/],
    [
      { units: [{ name: 'stream', from: 4, to: 3, copies: [] }] },
      /units 'stream' are 3 in the target and 4 in the source/,
    ],
    [{ units: [{ name: 'stream', from: 5, to: 8, copies: [] }] }, /has 12 on the axis of the units 'stream'; 5 × 3/],
    [{ units: [{ name: 'stream', from: 4, to: 5, copies: [0, 1, 2, 2, 2] }] }, /must be 5 numbers below 4, each/],
    [{ sourceLayers: 3, targetLayers: 3 }, /The checkpoint holds no 'layers.2.qkv'/],
    [{ sourceLayers: 1 }, /'layers.1.qkv' is of a layer beyond source_layers, 1/],
    [
      { units: [...described.units, { name: 'words', from: 1024, to: 2 ** 20, copies: [] }] },
      /units 'words' are 1048576 in the target and 1024 in the source; the product may be 268435456 at most/,
    ],
    [
      { parameters: [{ name: '{layer}'.repeat(200), axes: [written], isWriter: false }] },
      /name of 1400 characters; it may have 1024 at most/,
    ],
    [{ parameters: [{ name: 'stem', axes: [written], isWriter: false }] }, /has 4 axes; described are 1/],
    [{ parameters: [{ name: 'other', axes: [{ ...read, units: 'x' }], isWriter: false }] }, /units 'x', which are not/],
  ])('refuses %j with the sizes', async (change, message) => {
    await expect(grow(change)).rejects.toThrow(message);
  });

  it('refuses what is no checkpoint', async () => {
    await expect(grow({}, new Uint8Array(200))).rejects.toThrow(/INVALID_ARGUMENT/);
  });

  it('grows a network of PyTorch, whose outputs stay', async ({ skip }) => {
    if (!python) return skipWithout('torch', skip);
    const script = join(import.meta.dirname, '../support/grow-torch.py');
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
    const { stdout } = await promisify(execFile)(python, [script, server.address], { encoding: 'utf8', env });
    const [, before, after, difference] = /^(\d+) weights to (\d+)\noutputs differ by (.*)$/m.exec(stdout)!;
    expect([Number(before), Number(after)]).toEqual([635, 4171]);
    expect(Number(difference)).toBeLessThan(1e-5);
  });
});
