import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GRPCInferenceServiceDefinition } from '../../src/proto/inference/grpc_service.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { bundleBridge, bundlePath, startBridge } from '../support/bridge-process.js';
import { KatrainEngine } from '../support/katrain-engine.js';
import { isMissing } from '../support/needs.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';

const network = fileURLToPath(new URL('../../../shared/nets/g170-b6c96-s175395328-d26788732.bin.gz', import.meta.url));

describe.skipIf(isMissing('shared', existsSync(network)))('a KataGo network behind every door', () => {
  let dataDir: string;
  let server: ServerProcess;

  beforeAll(async () => {
    bundleBridge();
    dataDir = makeDataDir();
    server = await startServerProcess(dataDir, ['--log-level', 'warn', '--import-dir', dirname(network)]);
    await server.connect().client(ModelServiceDefinition).importModel({ name: 'kata', path: network });
  });
  afterAll(async () => {
    await server.stop();
    removeDataDir(dataDir);
  });

  it('answers KaTrain by Japanese rules, on boards of several sizes', async () => {
    const engine = new KatrainEngine(process.execPath, [bundlePath, 'analysis', server.address]);
    const [small, large] = await Promise.all([
      engine.final({ size: 9, moves: [['B', 'E5']], rules: 'japanese' }, { visits: 12 }),
      engine.final({ size: 19, moves: [], rules: 'japanese' }, { visits: 2 }),
    ]);
    expect(small.policy).toHaveLength(82);
    expect(large.ownership).toHaveLength(361);
    expect(small.rootInfo).toMatchObject({ visits: 12, currentPlayer: 'W' });
    // The network says how far its score may be off, and what the lead is.
    for (const move of small.moveInfos!) expect(Number(move['scoreStdev'])).toBeGreaterThan(1);
    expect(engine.said.some(({ field }) => field === 'rules')).toBe(false);
    expect(await engine.shutdown()).toBe(0);
  });

  it('plays through GTP by territory rules, and says what it thinks through every symmetry', async () => {
    const client = startBridge(server.address, '--visits', '8');
    try {
      for (const command of ['boardsize 9', 'komi 6.5', 'kata-set-rules japanese']) await client.send(command);
      expect(await client.send('genmove b')).toMatch(/^[C-G][3-7]$/);
      const raw = await client.send('kata-raw-nn all');
      const wins = [...raw.matchAll(/whiteWin ([\d.]+)/g)].map(([, share]) => Number(share));
      expect(wins).toHaveLength(8);
      // Near each other, as they are the same position, and not the same, as a network is not symmetric.
      expect(Math.max(...wins) - Math.min(...wins)).toBeLessThan(0.1);
      expect(new Set(wins).size).toBeGreaterThan(1);
    } finally {
      await client.close();
    }
  });

  it('is described and computed by the Open Inference Protocol with its own planes', async () => {
    const client = server.connect().client(GRPCInferenceServiceDefinition);
    const { inputs, outputs } = await client.modelMetadata({ name: 'kata', version: '' });
    expect(inputs.map(({ name, shape }) => [name, shape[1]])).toEqual([
      ['planes', 22n],
      ['globals', 19n],
    ]);
    const planes = new Float32Array(22 * 81);
    // The first plane says which points are on the board: an empty one.
    planes.fill(1, 0, 81);
    const tensor = (name: string, shape: bigint[]) => ({
      name,
      datatype: 'FP32',
      shape,
      parameters: {},
      contents: undefined,
    });
    const answer = await client.modelInfer({
      modelName: 'kata',
      modelVersion: '',
      id: '',
      parameters: {},
      outputs: [],
      inputs: [tensor('planes', [1n, 22n, 9n, 9n]), tensor('globals', [1n, 19n])],
      rawInputContents: [new Uint8Array(planes.buffer), new Uint8Array(4 * 19)],
    });
    expect(answer.outputs.map(({ name }) => name)).toEqual(outputs.map(({ name }) => name));
    expect(answer.outputs.find(({ name }) => name === 'policy')!.shape).toEqual([1n, 82n]);
  });
});
