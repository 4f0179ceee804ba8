import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../clients/shared/connection.js';
import { Rng } from '../../src/core/rng.js';
import { encodeModel } from '../../src/nn/model-file.js';
import { initialWeights } from '../../src/nn/networks/go-network.js';
import { EvaluatorServiceDefinition } from '../../src/proto/tengen/v1/evaluator.js';
import { GenerationServiceDefinition } from '../../src/proto/tengen/v1/generation.js';
import { JobServiceDefinition, JobState } from '../../src/proto/tengen/v1/job.js';
import { KoRule, Position } from '../../src/proto/tengen/v1/position.js';
import { describeModel } from '../../src/server/models/model-file.js';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { readAlphaZeroConfig } from '../../src/trainer/alphazero/config.js';
import { architectureOf } from '../../src/trainer/alphazero/trainer.js';
import { readLanguageModel } from '../../src/trainer/sft/language-model.js';
import { readSftConfig } from '../../src/trainer/sft/config.js';
import { smallJob } from '../support/server-calls.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';
import { WorkClient } from '../support/work-client.js';

const languageModel = { layers: 2, hidden: 32, heads: 4, keyValueHeads: 2 };

let dataDir: string;
let server: ServerProcess;
let connection: Connection;
/** Calls that end with the server, one way or another. */
let calls: Promise<unknown>[];

beforeEach(async () => {
  dataDir = makeDataDir();
  calls = [];
  await fillStore();
});
afterEach(async () => {
  await server.kill();
  await Promise.all(calls);
  removeDataDir(dataDir);
});

async function start(drainSeconds: number): Promise<void> {
  server = await startServerProcess(dataDir, ['--drain-seconds', String(drainSeconds)]);
  connection = server.connect();
}

/** A language model, a Go network that is worth calibrating, samples and tasks. */
async function fillStore(): Promise<void> {
  const store = await openSqliteStore({ dataDir, now: Date.now });
  const speaker = encodeModel(
    readLanguageModel(undefined, readSftConfig({ dataset: 'd', ...languageModel, bucketSize: 1024 })),
  );
  await store.models.put({ name: 'speaker', ...describeModel(speaker), step: 0 }, speaker);
  const architecture = architectureOf(readAlphaZeroConfig({ size: 9, blocks: 2, channels: 48 }));
  const player = encodeModel({ architecture, weights: initialWeights(architecture, new Rng(1)), metadata: {} });
  await store.models.put({ name: 'player', ...describeModel(player), step: 0 }, player);
  await store.models.setPrecision('player', 'int8');
  const lines = (make: (i: number) => object): Uint8Array =>
    Buffer.from(Array.from({ length: 64 }, (_, i) => JSON.stringify(make(i))).join('\n'));
  const counted = { samples: 64, malformed: 0 };
  await store.datasets.put(
    { name: 'texts', ...counted },
    lines((i) => ({ text: 'abcdefgh'.repeat(20 + i) })),
  );
  await store.datasets.put(
    { name: 'tasks', ...counted },
    lines((i) => ({ prompt: `say ${i}=`, answer: 'odd' })),
  );
  await store.close();
}

/** Creates a job; resolves when it has reported `event`. */
async function startJob(kind: string, model: string, settings: object, event = 'train'): Promise<string> {
  const jobs = connection.client(JobServiceDefinition);
  const { job } = await jobs.createJob({ kind, model, configJson: JSON.stringify(settings) });
  for await (const { state, progress } of jobs.watchJob({ jobId: job!.jobId, afterSequence: 0 })) {
    if (progress?.event === event) return job!.jobId;
    expect(state).toBe(JobState.RUNNING);
  }
  throw new Error(`${kind} ended`);
}

/** Asks for a long text; resolves with its first token. */
async function generate(): Promise<void> {
  const prompt = { $case: 'text' as const, value: 'abc '.repeat(100) };
  const client = connection.client(GenerationServiceDefinition);
  const answers = client
    .generate({ model: 'speaker', prompt, temperature: 1, maxTokens: 1500 })
    [Symbol.asyncIterator]();
  await answers.next();
  const rest = async (): Promise<void> => {
    while (!(await answers.next()).done);
  };
  calls.push(Promise.allSettled([rest()]));
}

/** Evaluates a position with the network, which the server then begins to calibrate. */
async function calibrate(): Promise<void> {
  const position = Position.fromPartial({
    size: 9,
    stones: new Uint8Array(81),
    toMove: 1,
    rules: { ko: KoRule.POSITIONAL, suicide: false, komi: 7.5 },
  });
  const requests = async function* () {
    yield await Promise.resolve({ requestId: 1, model: 'player', positions: [position] });
  };
  for await (const _ of connection.client(EvaluatorServiceDefinition).evaluate(requests())) return;
}

/** Trains on games that a worker hands in. */
async function startAlphaZero(): Promise<void> {
  const started = startJob('alphazero', 'm', { ...smallJob, startPositions: 40, batchSize: 32, sampleFactor: 1000 });
  const worker = new WorkClient(connection);
  worker.hello(4);
  const play = async (): Promise<void> => {
    for (;;) worker.submit(await worker.next('lease'));
  };
  calls.push(Promise.allSettled([play()]));
  await started;
}

const sft = {
  dataset: 'texts',
  ...languageModel,
  bucketSize: 512,
  maxSteps: 100_000,
  costModel: 'estimate',
  batchSize: 8,
};
const rft = { dataset: 'tasks', base: 'speaker', promptsPerStep: 4, completions: 4, maxTokens: 30, steps: 100_000 };
const grow = { source: 'speaker', dataset: 'texts', layers: 3, method: 'ligo', operatorSteps: 100_000 };

describe('a server that is told to stop', { timeout: 180_000 }, () => {
  it('while all its threads compute ends properly', async () => {
    await start(0.1);
    const jobsOf = [startJob('sft', 'tuned', sft), startJob('rft', 'rewarded', rft), startJob('grow', 'grown', grow)];
    await Promise.all([...jobsOf, startAlphaZero()]);
    await calibrate();
    await generate();
    server.child.kill('SIGTERM');
    await once(server.child, 'close');
    expect(server.child.signalCode).toBeNull();
    expect(server.child.exitCode, server.log().slice(-2000)).toBe(0);
    const again = await startServerProcess(dataDir);
    const { jobs } = await again.connect().client(JobServiceDefinition).listJobs({});
    await again.kill();
    expect(jobs.map(({ state }) => state)).toEqual(Array.from({ length: 4 }, () => JobState.RUNNING));
  });

  it('twice does not wait, and is not aborted', async () => {
    await start(3600);
    await generate();
    server.child.kill('SIGINT');
    while (!server.log().includes('"stopping"')) await once(server.child.stderr!, 'data');
    server.child.kill('SIGINT');
    await once(server.child, 'close');
    // What a shell shows as 130.
    expect(server.child.signalCode ?? server.child.exitCode).toBe('SIGINT');
  });
});
