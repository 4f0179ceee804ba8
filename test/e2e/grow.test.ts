import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../clients/shared/connection.js';
import { Rng } from '../../src/core/rng.js';
import { type AnyArchitecture, decodeAnyModel, encodeModel } from '../../src/nn/model-file.js';
import { initialWeights } from '../../src/nn/networks/go-network.js';
import { JobServiceDefinition, JobState, type Job, type JobProgress } from '../../src/proto/tengen/v1/job.js';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { readAlphaZeroConfig } from '../../src/trainer/alphazero/config.js';
import { architectureOf } from '../../src/trainer/alphazero/trainer.js';
import { randomGame } from '../support/random-games.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';
import { storeGames } from '../support/store-games.js';
import { tinyLanguageModel } from '../support/tiny-language-model.js';

const tengen = join(import.meta.dirname, '../../dist/clients/cli/main.js');

let dataDir: string;
let server: ServerProcess;

beforeEach(async () => {
  dataDir = makeDataDir();
  await storeSelfPlay();
  server = await startServerProcess(dataDir);
  const { architecture, weights } = tinyLanguageModel();
  writeFileSync(join(dataDir, 'small.safetensors'), encodeModel({ architecture, weights, metadata: { step: '500' } }));
  const samples = Array.from({ length: 40 }, (_, i) => JSON.stringify({ text: 'abc'.repeat(3 + (i % 5)) }));
  writeFileSync(join(dataDir, 'abc.jsonl'), samples.join('\n'));
  expect(run('models', 'import', join(dataDir, 'small.safetensors'), '--name', 'small').code).toBe(0);
  expect(run('datasets', 'import', join(dataDir, 'abc.jsonl')).code).toBe(0);
});
afterEach(async () => {
  await server.kill();
  removeDataDir(dataDir);
});

/** A Go network and an alphazero job, now over, with games. */
async function storeSelfPlay(): Promise<void> {
  const store = await openSqliteStore({ dataDir, now: Date.now });
  const config = readAlphaZeroConfig({ size: 5, blocks: 2, channels: 8 });
  const { jobId } = await store.jobs.create({ kind: 'alphazero', model: 'go5', configJson: JSON.stringify(config) });
  await store.jobs.setState(jobId, 'done');
  const games = Array.from({ length: 30 }, (_, i) => randomGame({ size: 5, seed: i, gameId: `${jobId}-${i}` }));
  await storeGames(
    store,
    games.map((game) => ({ ...game, jobId })),
  );
  await store.close();
}

function run(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [tengen, ...args, '--address', server.address], {
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr };
}

async function create(connection: Connection, kind: string, model: string, settings: object): Promise<Job> {
  const configJson = JSON.stringify(settings);
  const { job } = await connection.client(JobServiceDefinition).createJob({ kind, model, configJson });
  return job!;
}

async function follow(
  connection: Connection,
  jobId: string,
  until: (progress: JobProgress) => boolean = () => false,
): Promise<JobState> {
  let state: JobState = JobState.UNSPECIFIED;
  for await (const message of connection.client(JobServiceDefinition).watchJob({ jobId, afterSequence: 0 })) {
    state = message.state;
    if (message.progress && until(message.progress)) break;
  }
  return state;
}

function modelOf(name: string): { architecture: AnyArchitecture; grownFrom: Record<string, unknown> } {
  const file = join(dataDir, 'downloaded.safetensors');
  expect(run('models', 'export', name, file).code).toBe(0);
  const { architecture, metadata } = decodeAnyModel(readFileSync(file));
  return { architecture, grownFrom: JSON.parse(metadata['grownFrom'] ?? '{}') as Record<string, unknown> };
}

describe('growing over the server', { timeout: 120_000 }, () => {
  it('makes a language model larger, trains the operator, and writes where it comes from', () => {
    const grown = run(
      ...['models', 'grow', 'small', 'large', '--dataset', 'abc', '--hidden', '32', '--layers', '3'],
      ...['--method', 'mango-exact', '--set', 'operatorSteps=30', '--set', 'rowTokens=16', '--json'],
    );
    expect(grown.err).toBe('');
    expect(grown.code).toBe(0);
    const report = JSON.parse(grown.out) as Record<string, number>;
    expect(report['grownLoss']).toBeLessThan(report['initialLoss']!);
    expect(report).toMatchObject({ operatorSteps: 30 });
    expect(report['estimatedSaving']).toBeCloseTo(1 - report['operatorCostSteps']! / 500);
    const { architecture, grownFrom } = modelOf('large');
    expect(architecture).toMatchObject({ hidden: 32, layers: 3, heads: 8, keyValueHeads: 4, intermediate: 48 });
    expect(grownFrom).toMatchObject({ method: 'mango-exact', steps: 30, seed: 1, loss: report['grownLoss'] });
    expect(grownFrom['source']).toMatch(/^small@[0-9a-f]{12}$/);
    expect(grownFrom['sourceSha256']).toMatch(/^[0-9a-f]{64}$/);
    expect(grownFrom['data']).toMatch(/^abc@[0-9a-f]{12}$/);
  });

  it('makes a Go network larger on the games of its job, and a job goes on with it', async () => {
    const { architecture, weights } = smallGoNetwork();
    writeFileSync(join(dataDir, 'go5.safetensors'), encodeModel({ architecture, weights, metadata: {} }));
    expect(run('models', 'import', join(dataDir, 'go5.safetensors'), '--name', 'go5').code).toBe(0);
    const sizes = ['--channels', '16', '--blocks', '4', '--method', 'mango'];
    const grown = run('models', 'grow', 'go5', 'go5-large', ...sizes, '--set', 'operatorSteps=10');
    expect(grown.err).toBe('');
    expect(grown.out).toMatch(/loss of the source +\d/);
    expect(grown.out).toMatch(/parameters +[\d,]+ → [\d,]+/);
    expect(grown.out).toMatch(/go5-large@[0-9a-f]{12} was grown from go5@[0-9a-f]{12} and is the model now/);
    expect(modelOf('go5-large').architecture).toEqual({ ...architecture, channels: 16, blocks: 4 });
    const connection = server.connect();
    const { jobId } = await create(connection, 'alphazero', 'go5-large', { size: 5, maxGames: 4 });
    await follow(connection, jobId, ({ message }) => message === 'Self-play begins');
    const { job } = await connection.client(JobServiceDefinition).cancelJob({ jobId });
    expect(job).toMatchObject({ state: JobState.CANCELLED, error: '' });
  });

  it('refuses what does not fit before it computes, and a loss that rises too far, and writes nothing', async () => {
    const connection = server.connect();
    const failed = async (settings: object): Promise<string> => {
      const { jobId } = await create(connection, 'grow', 'large', { source: 'small', dataset: 'abc', ...settings });
      expect(await follow(connection, jobId)).toBe(JobState.FAILED);
      const { job } = await connection.client(JobServiceDefinition).getJob({ jobId });
      return job?.error ?? '';
    };
    expect(await failed({ hidden: 8 })).toMatch(/hidden is 8 in the target, less than the source's 16/);
    expect(await failed({ hidden: 18 })).toMatch(/'heads' must be given: 4 of the source .* from hidden 16 to 18/);
    expect(await failed({ channels: 32 })).toMatch(/'channels' is 32; it must be 0, since the source is a language/);
    expect(await failed({})).toMatch(/Nothing grows/);
    expect(await failed({ layers: 4, dataset: '' })).toMatch(/'dataset' is empty/);
    expect(await failed({ layers: 4, source: 'nobody' })).toMatch(/no model 'nobody' to grow/);
    const spoilt = { layers: 4, hidden: 32, method: 'fpi', rowTokens: 16, maxLossIncrease: 0 };
    expect(await failed(spoilt)).toMatch(/The loss of the network grown by fpi is .* was not kept/);
    expect(run('models', 'list', 'large').out).not.toMatch(/large@/);
  });

  it('writes nothing when it is cancelled, and begins again when it is resumed', async () => {
    const connection = server.connect();
    const settings = { source: 'small', dataset: 'abc', layers: 3, method: 'ligo', rowTokens: 16, operatorSteps: 40 };
    const whole = await create(connection, 'grow', 'whole', settings);
    expect(await follow(connection, whole.jobId)).toBe(JobState.DONE);
    const { jobId } = await create(connection, 'grow', 'stopped', { ...settings, operatorSteps: 100_000 });
    await follow(connection, jobId, ({ event }) => event === 'train');
    const jobs = connection.client(JobServiceDefinition);
    expect((await jobs.cancelJob({ jobId })).job?.state).toBe(JobState.CANCELLED);
    expect(run('models', 'list', 'stopped').out).not.toMatch(/stopped@/);
    await jobs.resumeJob({ jobId });
    await follow(connection, jobId, ({ event }) => event === 'train');
    await jobs.cancelJob({ jobId });
    const again = await create(connection, 'grow', 'again', settings);
    expect(await follow(connection, again.jobId)).toBe(JobState.DONE);
    const versions = ['whole', 'again'].map((name) => /@([0-9a-f]{12})/.exec(run('models', 'list', name).out)?.[1]);
    expect(versions[0]).toBeDefined();
    expect(versions[1]).toBe(versions[0]);
  });
});

function smallGoNetwork(): Parameters<typeof encodeModel>[0] {
  const architecture = architectureOf(readAlphaZeroConfig({ size: 5, blocks: 2, channels: 8 }));
  return { architecture, weights: initialWeights(architecture, new Rng(1)), metadata: {} };
}
