/** In which precision a real server answers, and that those who use it are told, and can choose. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { messagesOf, partsOfBytes } from '../../clients/shared/upload.js';
import type { GtpClient } from '../../clients/shared/gtp-client.js';
import { refOf } from '../../src/core/refs.js';
import { delay } from '../../src/core/signals.js';
import { Calibration, ModelServiceDefinition, type Model } from '../../src/proto/tengen/v1/model.js';
import { Precision } from '../../src/proto/tengen/v1/precision.js';
import { bundleBridge, bundlePath, startBridge } from '../support/bridge-process.js';
import { KatrainEngine } from '../support/katrain-engine.js';
import { quantizableFile } from '../support/quantized-models.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';

const tengen = join(import.meta.dirname, '../../dist/clients/cli/main.js');
const bridges: GtpClient[] = [];
let server: ServerProcess;
let dataDir: string;

beforeAll(() => bundleBridge());
afterEach(async () => {
  await Promise.all(bridges.splice(0).map((client) => client.close()));
});
afterAll(async () => {
  await server.stop();
  removeDataDir(dataDir);
});

function models() {
  return server.connect().client(ModelServiceDefinition);
}

async function start(): Promise<void> {
  dataDir = makeDataDir();
  server = await startServerProcess(dataDir, ['--no-page']);
  await models().uploadModel(messagesOf(partsOfBytes(quantizableFile), { name: 'go' }, { name: '' }));
}

/** The model as soon as it is as `isWanted` says. */
async function modelThat(isWanted: (model: Model) => boolean): Promise<Model> {
  for (;;) {
    const { model } = await models().getModel({ model: 'go' });
    if (isWanted(model!)) return model!;
    await delay(20, new AbortController().signal);
  }
}

/** Has the model served in eight bits, which the server does once it is calibrated. */
async function quantized(): Promise<Model> {
  await models().setPrecision({ name: 'go', precision: Precision.INT8 });
  return modelThat(({ servedPrecision }) => servedPrecision === Precision.INT8);
}

async function run(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [tengen, ...args, '--address', server.address]);
  return stdout;
}

function bridge(...flags: string[]): GtpClient {
  const started = startBridge(server.address, '--visits', '8', '--analysis-visits', '10000000', ...flags);
  bridges.push(started);
  return started;
}

/** The last word of `version`. */
async function precisionOf(client: GtpClient): Promise<string | undefined> {
  return (await client.send('version')).split(' ').at(-1);
}

it('stays what a game began with until the next one, in the bridge and the analysis engine', async () => {
  await start();
  const client = bridge();
  const engine = new KatrainEngine(process.execPath, [bundlePath, 'analysis', server.address]);
  const analysed = async (): Promise<unknown> => {
    const answer = await engine.final({ size: 5, moves: [['B', 'C3']] }, { visits: 4 });
    return answer.rootInfo?.['scoreLead'];
  };
  const raw = await client.send('kata-raw-nn 0');
  await client.send('genmove b');
  const lead = await analysed();
  expect(await precisionOf(client)).toBe('fp32');
  const analysis = client.send('kata-analyze 1');
  await models().setPrecision({ name: 'go', precision: Precision.INT8 });
  await modelThat(({ calibration }) => calibration === Calibration.WAITS);
  expect(await run('models', 'list')).toContain(' fp32 (calibration waits)');
  client.interrupt();
  await analysis;
  const model = await quantized();
  // The line of the log may come after the answer to who asked.
  await expect.poll(() => server.log()).toMatch(/calibration-waits.*calibration-goes-on.*model-quantized/s);
  await client.send('genmove w');
  expect(await precisionOf(client)).toBe('fp32');
  expect(await analysed()).toBe(lead);
  await client.send('clear_board');
  await client.send('genmove b');
  expect(await precisionOf(client)).toBe('int8');
  expect(JSON.parse(await client.send('kata-get-models'))).toMatchObject([{ name: refOf(model), precision: 'int8' }]);
  await client.send('clear_board');
  expect(await client.send('kata-raw-nn 0')).toBe(raw);
  await engine.final({ size: 5, moves: [] }, { visits: 4 });
  expect(await analysed()).not.toBe(lead);
  await engine.shutdown();
});

it('is float32 for whoever asks, and said by models list and match', async () => {
  await quantized();
  const client = bridge('--precision', 'fp32');
  await client.send('genmove b');
  expect(await precisionOf(client)).toBe('fp32');
  expect(await run('models', 'list')).toMatch(/ int8/);
  const match = ['match', ':2', ':2', '--games', '2', '--json'];
  expect(await run(...match)).toContain('"precisions":["int8","int8"]');
  expect(await run(...match, '--precision', 'fp32')).toContain('"precisions":["fp32","fp32"]');
  await expect(run(...match, '--precision', 'int8')).rejects.toThrow("--precision is 'int8'; it must be one of");
});
