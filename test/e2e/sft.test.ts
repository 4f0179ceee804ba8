import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../clients/shared/connection.js';
import { Rng } from '../../src/core/rng.js';
import { checkTransformer } from '../../src/nn/networks/transformer/configuration.js';
import { writeHuggingFace } from '../../src/nn/networks/transformer/hugging-face.js';
import { initialTransformer } from '../../src/nn/networks/transformer/parameters.js';
import { JobServiceDefinition, JobState, type Job, type JobProgress } from '../../src/proto/tengen/v1/job.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';

const tengen = join(import.meta.dirname, '../../dist/clients/cli/main.js');
const small = {
  layers: 1,
  hidden: 16,
  heads: 2,
  keyValueHeads: 1,
  bucketSize: 64,
  batchSize: 4,
  costModel: 'estimate',
};

let dataDir: string;
let server: ServerProcess;

beforeEach(async () => {
  dataDir = makeDataDir();
  server = await startServerProcess(dataDir);
  writeFileSync(join(dataDir, 'chats.jsonl'), samples().join('\n'));
});
afterEach(async () => {
  await server.kill();
  removeDataDir(dataDir);
});

/** Short and long samples of all forms, with two lines that are none. */
function samples(): string[] {
  const lines = Array.from({ length: 30 }, (_, i) => {
    const text = 'abcdefgh'.repeat(1 + ((i * 5) % 7)).slice(i % 3);
    if (i % 3 === 0) return JSON.stringify({ text });
    if (i % 3 === 1) return JSON.stringify({ prompt: 'say it: ', completion: text });
    return JSON.stringify({ messages: [{ role: 'assistant', content: text.slice(0, 20) }] });
  });
  return [...lines.slice(0, 4), '{"prompt": "without an answer"}', ...lines.slice(4), 'no JSON'];
}

function run(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [tengen, ...args, '--address', server.address], {
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr };
}

async function create(connection: Connection, model: string, settings: object): Promise<Job> {
  const configJson = JSON.stringify({ dataset: 'chats', ...small, ...settings });
  const { job } = await connection.client(JobServiceDefinition).createJob({ kind: 'sft', model, configJson });
  return job!;
}

/** Follows a job until it ends or `until` says so. */
async function follow(
  connection: Connection,
  jobId: string,
  until: (progress: JobProgress) => boolean = () => false,
): Promise<{ state: JobState; points: JobProgress[] }> {
  const points: JobProgress[] = [];
  let state: JobState = JobState.UNSPECIFIED;
  for await (const message of connection.client(JobServiceDefinition).watchJob({ jobId, afterSequence: 0 })) {
    state = message.state;
    if (!message.progress) continue;
    points.push(message.progress);
    if (until(message.progress)) break;
  }
  return { state, points };
}

async function versionOf(connection: Connection, name: string): Promise<string | undefined> {
  const { model } = await connection.client(ModelServiceDefinition).getModel({ model: name });
  return model?.version;
}

describe('fine-tuning over the server', { timeout: 120_000 }, () => {
  it('takes a file, names its bad lines, trains, and shows where the time went', async () => {
    const imported = run('datasets', 'import', join(dataDir, 'chats.jsonl'));
    expect(imported.code).toBe(0);
    expect(imported.err).toMatch(/line 5: it has prompt of the fields.*\nline 32: it is not JSON/);
    expect(run('datasets', 'list').out).toMatch(/chats@[0-9a-f]{12}\s+30\s+2/);
    const job = await create(server.connect(), 'm', { maxSteps: 6, evaluationSteps: 3 });
    const watched = run('jobs', 'watch', job.jobId);
    expect(watched.code).toBe(0);
    expect(watched.out).toMatch(/malformedLines 2/);
    expect(watched.out).toMatch(/RANK\s+STEP 0/);
    expect(watched.out).toMatch(/evaluation\s+step 6\s+evaluationLoss/);
    expect(run('models', 'list').out).toMatch(/m@[0-9a-f]{12}/);
  });

  it('goes on after a stop and after a crash as if nothing had been', async () => {
    run('datasets', 'import', join(dataDir, 'chats.jsonl'));
    const settings = { maxSteps: 60, checkpointSteps: 5, dataParallel: 2, contextParallel: 1 };
    const connection = server.connect();
    const whole = await create(connection, 'whole', settings);
    expect((await follow(connection, whole.jobId)).state).toBe(JobState.DONE);

    const { jobId } = await create(connection, 'stopped', settings);
    const atStep = (step: number) => (progress: JobProgress) => (progress.metrics['step'] ?? 0) >= step;
    await follow(connection, jobId, atStep(7));
    const jobs = connection.client(JobServiceDefinition);
    expect((await jobs.cancelJob({ jobId })).job?.state).toBe(JobState.CANCELLED);
    await jobs.resumeJob({ jobId });
    await follow(connection, jobId, atStep(20));
    await server.kill();
    server = await startServerProcess(dataDir);
    const again = server.connect();
    expect((await follow(again, jobId)).state).toBe(JobState.DONE);
    expect(await versionOf(again, 'stopped')).toBe(await versionOf(again, 'whole'));
  });

  it('says which sample does not fit, which data set and which model is missing', async () => {
    run('datasets', 'import', join(dataDir, 'chats.jsonl'));
    const connection = server.connect();
    const failed = async (settings: object): Promise<string> => {
      const { jobId } = await create(connection, 'm', settings);
      const { job } = await connection.client(JobServiceDefinition).getJob({ jobId });
      expect(job?.state).toBe(JobState.FAILED);
      return job?.error ?? '';
    };
    expect(await failed({ bucketSize: 15 })).toMatch(/Line \d+: it has \d+ tokens; the ranks of a group hold 30/);
    expect(await failed({ dataset: 'nothing' })).toMatch(/no data set 'nothing'/);
    expect(await failed({ base: 'nothing' })).toMatch(/no model 'nothing'/);
  });

  it("starts from a Hugging Face checkpoint on the server's disk", async () => {
    run('datasets', 'import', join(dataDir, 'chats.jsonl'));
    const folder = join(dataDir, 'checkpoint');
    mkdirSync(folder);
    const architecture = checkTransformer({
      kind: 'transformer',
      hidden: 16,
      layers: 2,
      heads: 4,
      keyValueHeads: 2,
      headWidth: 4,
      intermediate: 24,
      vocabulary: 300,
      context: 128,
      ropeTheta: 10_000,
      normEpsilon: 1e-5,
      queryKeyValueBias: true,
      tiedHead: true,
    });
    const weights = initialTransformer(architecture, new Rng(1));
    const { config, tensors } = writeHuggingFace({ architecture, weights, metadata: {} });
    writeFileSync(join(folder, 'config.json'), config);
    writeFileSync(join(folder, 'model.safetensors'), tensors[0]!);
    expect(run('models', 'import', folder, '--name', 'qwen')).toMatchObject({ code: 0 });
    const connection = server.connect();
    expect(await versionOf(connection, 'qwen')).toBeDefined();
    const { jobId } = await create(connection, 'tuned', { base: 'qwen', maxSteps: 2 });
    expect((await follow(connection, jobId)).state).toBe(JobState.DONE);
    const { model } = await connection.client(ModelServiceDefinition).getModel({ model: 'tuned' });
    expect(JSON.parse(model?.architectureJson ?? '')).toEqual(architecture);
    expect(run('models', 'import', join(dataDir, 'blobs'), '--name', 'qwen').err).toMatch(/has no config.json/);
  });
});
