import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Connection } from '../../clients/shared/connection.js';
import { EvaluateRequest, EvaluatorServiceDefinition } from '../../src/proto/tengen/v1/evaluator.js';
import { GenerateRequest, GenerationServiceDefinition } from '../../src/proto/tengen/v1/generation.js';
import { JobServiceDefinition, JobState } from '../../src/proto/tengen/v1/job.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { Precision } from '../../src/proto/tengen/v1/precision.js';
import { encodeModel } from '../../src/nn/model-file.js';
import { tinyModel } from '../support/served-models.js';
import { createJob } from '../support/server-calls.js';
import { makeDataDir, removeDataDir } from '../support/start-server.js';
import { tinyLanguageModel } from '../support/tiny-language-model.js';
import { digestOf, files, type Part, upload } from '../support/uploads.js';
import { WorkerProcess } from '../support/worker-process.js';

const sizes = { layers: 1, hidden: 16, heads: 2, keyValueHeads: 1 };
const script = join(import.meta.dirname, '../support/counting-server.mjs');
let dataDir: string;
let server: ChildProcess;
let connection: Connection;
let address: string;

beforeAll(async () => {
  dataDir = makeDataDir();
  const env = { PATH: process.env['PATH'], ENGINE_LOG: join(dataDir, 'compiled') };
  server = spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'], env });
  const [line] = (await once(createInterface({ input: server.stdout! }), 'line')) as [string];
  ({ address } = JSON.parse(line) as { address: string });
  connection = new Connection({ address });
  await upload(connection, 'model', 'go', one(partOf(tinyModel(5, 1))));
  await upload(connection, 'model', 'words', one(partOf(encodeModel(tinyLanguageModel(1)))));
  await upload(connection, 'dataset', 'lines', one(partOf(Buffer.from(lines.join('\n')))));
  await upload(connection, 'dataset', 'tasks', one(partOf(Buffer.from(tasks.join('\n')))));
});
afterAll(async () => {
  WorkerProcess.killAll();
  connection.close();
  server.kill('SIGKILL');
  await once(server, 'close');
  removeDataDir(dataDir);
});

// eslint-disable-next-line @typescript-eslint/require-await -- a stream of requests is asynchronous
async function* one<T>(...messages: T[]): AsyncGenerator<T> {
  yield* messages;
}

function partOf(chunk: Uint8Array): Part {
  return { chunk, sizeBytes: chunk.length, sha256: digestOf(chunk) };
}

async function answered(answers: AsyncIterable<object>): Promise<void> {
  for await (const answer of answers) expect(answer).not.toHaveProperty('error.message');
}

/** Graphs that the engine has compiled so far. */
function compiled(): number {
  const file = join(dataDir, 'compiled');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
}

/** Follows a job until it has ended, or has made a step if it does not end by itself. */
async function follow(jobId: string, isEndless = false): Promise<void> {
  const jobs = connection.client(JobServiceDefinition);
  for await (const { state, progress } of jobs.watchJob({ jobId, afterSequence: 0 })) {
    if (isEndless && (progress?.metrics['step'] ?? 0) > 0) return;
    if (state === JobState.RUNNING) continue;
    const { job } = await jobs.getJob({ jobId });
    expect(job).toMatchObject({ state: JobState.DONE, error: '' });
  }
}

async function runJob(kind: string, settings: object): Promise<void> {
  const configJson = JSON.stringify({ dataset: 'lines', ...settings });
  const { job } = await connection.client(JobServiceDefinition).createJob({ kind, model: kind, configJson });
  await follow(job!.jobId);
}

const lines = Array.from({ length: 20 }, (_, i) => JSON.stringify({ prompt: `say ${i}=`, completion: 'abc' }));
const tasks = Array.from({ length: 8 }, (_, i) =>
  JSON.stringify({ prompt: `say ${i}=`, answer: 'abc', family: 'say' }),
);
const position = { size: 5, stones: new Uint8Array(25), toMove: 1 as const, rules: { komi: 7.5 } };

it.each<[string, () => Promise<unknown>]>([
  [
    'EvaluatorService',
    () => {
      const request = EvaluateRequest.fromPartial({ requestId: 1, model: 'go', positions: [position] });
      return answered(connection.client(EvaluatorServiceDefinition).evaluate(one(request)));
    },
  ],
  [
    'GenerationService',
    () => {
      const prompt = { $case: 'text' as const, value: 'ab' };
      const request = GenerateRequest.fromPartial({ model: 'words', prompt, maxTokens: 2 });
      return answered(connection.client(GenerationServiceDefinition).generate(request));
    },
  ],
  ['GrowthService', () => upload(connection, 'checkpoint', '', one(partOf(files.checkpoint)))],
  [
    'a job of kind alphazero',
    async () => {
      const job = await createJob(connection, { visits: 4, startPositions: 10, batchSize: 4 });
      const worker = new WorkerProcess(address, ['--games', '4']);
      await follow(job.jobId, true);
      await worker.end('SIGKILL');
    },
  ],
  [
    'a job of kind sft',
    () => runJob('sft', { ...sizes, bucketSize: 64, batchSize: 4, costModel: 'estimate', maxSteps: 2 }),
  ],
  [
    'a job of kind rft',
    () => runJob('rft', { base: 'words', dataset: 'tasks', promptsPerStep: 2, completions: 2, maxTokens: 3, steps: 1 }),
  ],
  [
    'a job of kind grow',
    () =>
      runJob('grow', { source: 'words', hidden: 32, method: 'mango', operatorSteps: 2, rowTokens: 8, batchSize: 2 }),
  ],
])('%s computes with the engine that the server was given', { timeout: 240_000 }, async (_name, use) => {
  const before = compiled();
  await use();
  await expect.poll(compiled, { timeout: 60_000 }).toBeGreaterThan(before);
});

it('and nothing computes with another, eight bits included: ONNX Runtime was never loaded', async () => {
  // Only ONNX Runtime calibrates; under another engine the model stays in float32.
  await connection.client(ModelServiceDefinition).setPrecision({ name: 'go', precision: Precision.INT8 });
  const { models } = await connection.client(ModelServiceDefinition).listModels({ name: 'go' });
  expect(models.map(({ servedPrecision }) => servedPrecision)).toEqual([Precision.FP32]);
  expect(readFileSync(`/proc/${server.pid}/maps`, 'utf8')).not.toContain('onnxruntime');
});
