import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../clients/shared/connection.js';
import { JobServiceDefinition, JobState, type Job, type JobProgress } from '../../src/proto/tengen/v1/job.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';

const tengen = join(import.meta.dirname, '../../dist/clients/cli/main.js');
const rft = { dataset: 'sums', base: 'start', promptsPerStep: 4, completions: 4, maxTokens: 6, evaluationPrompts: 4 };

let dataDir: string;
let server: ServerProcess;

beforeEach(async () => {
  dataDir = makeDataDir();
  server = await startServerProcess(dataDir);
  const tasks = Array.from({ length: 40 }, (_, i) => ({
    prompt: `say ${i}=`,
    answer: i % 2 ? 'odd' : 'even',
    family: 'say',
  }));
  writeFileSync(join(dataDir, 'sums.jsonl'), tasks.map((task) => JSON.stringify(task)).join('\n'));
  const imitated = tasks.map(({ prompt, answer }) => JSON.stringify({ prompt, completion: answer }));
  writeFileSync(join(dataDir, 'imitated.jsonl'), imitated.join('\n'));
});
afterEach(async () => {
  await server.kill();
  removeDataDir(dataDir);
});

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

/** Follows a job until it ends or has made `step` steps. */
async function follow(
  connection: Connection,
  jobId: string,
  step = Infinity,
): Promise<{ state: JobState; points: JobProgress[] }> {
  const points: JobProgress[] = [];
  let state: JobState = JobState.UNSPECIFIED;
  for await (const message of connection.client(JobServiceDefinition).watchJob({ jobId, afterSequence: 0 })) {
    state = message.state;
    if (!message.progress) continue;
    points.push(message.progress);
    if ((message.progress.metrics['step'] ?? 0) >= step) break;
  }
  return { state, points };
}

/** A model that has seen the tasks' answers and does not yet know them. */
async function warmStart(connection: Connection): Promise<void> {
  run('datasets', 'import', join(dataDir, 'sums.jsonl'));
  run('datasets', 'import', join(dataDir, 'imitated.jsonl'));
  const small = { layers: 1, hidden: 32, heads: 2, keyValueHeads: 1, bucketSize: 64, contextParallel: 1 };
  const settings = { ...small, dataset: 'imitated', costModel: 'estimate', maxSteps: 60, batchSize: 16 };
  const { jobId } = await create(connection, 'sft', 'start', { ...settings, learningRate: 0.005 });
  expect((await follow(connection, jobId)).state).toBe(JobState.DONE);
}

async function versionOf(connection: Connection, name: string): Promise<string | undefined> {
  const { model } = await connection.client(ModelServiceDefinition).getModel({ model: name });
  return model?.version;
}

describe('reinforcement over the server', { timeout: 120_000 }, () => {
  it('makes a model better at tasks, and shows how it does and what it says', async () => {
    const connection = server.connect();
    await warmStart(connection);
    const more = { promptsPerStep: 16, completions: 8, evaluationSteps: 60, evaluationPrompts: 40 };
    const settings = { ...rft, ...more, steps: 60, learningRate: 0.002, klCoefficient: 0 };
    const { jobId } = await create(connection, 'rft', 'better', { ...settings, evaluationDataset: 'sums' });
    const { state, points } = await follow(connection, jobId);
    expect(state).toBe(JobState.DONE);
    const [first, last] = points.filter(({ event }) => event === 'evaluation').map(({ metrics }) => metrics);
    expect(last!['sampledAccuracy']).toBeGreaterThan(first!['sampledAccuracy']! + 0.1);
    const trained = points.filter(({ event }) => event === 'train');
    expect(trained).toHaveLength(60);
    expect(trained[0]!.metrics).toMatchObject({ rollouts: 128, failures: 0 });
    const watched = run('jobs', 'watch', jobId);
    expect(watched.code).toBe(0);
    expect(watched.out).toMatch(/train\s+step 1 .*rewardMean .*kl .*generateMs/);
    expect(watched.out).toMatch(/PROMPT\s+COMPLETION\s+ANSWER\s+REWARD\s+CORRECT/);
    expect(run('models', 'list').out).toMatch(/better@[0-9a-f]{12}/);
  });

  it('goes on after a stop and after a crash as if nothing had been', async () => {
    const connection = server.connect();
    await warmStart(connection);
    const settings = { ...rft, steps: 40, checkpointSteps: 3, evaluationSteps: 1000 };
    const whole = await create(connection, 'rft', 'whole', settings);
    expect((await follow(connection, whole.jobId)).state).toBe(JobState.DONE);
    const { jobId } = await create(connection, 'rft', 'stopped', settings);
    await follow(connection, jobId, 5);
    const jobs = connection.client(JobServiceDefinition);
    expect((await jobs.cancelJob({ jobId })).job?.state).toBe(JobState.CANCELLED);
    await jobs.resumeJob({ jobId });
    await follow(connection, jobId, 15);
    await server.kill();
    server = await startServerProcess(dataDir);
    const again = server.connect();
    expect((await follow(again, jobId)).state).toBe(JobState.DONE);
    expect(await versionOf(again, 'stopped')).toBe(await versionOf(again, 'whole'));
  });

  it('names lines that cannot be used before it trains, and the model and data that are missing', async () => {
    const connection = server.connect();
    await warmStart(connection);
    const bad = ['{"prompt": "1+1=", "answer": "2"}', '{"prompt": "2+2="}', '{"prompt": "3", "answer": "3"}'];
    writeFileSync(join(dataDir, 'bad.jsonl'), bad.join('\n'));
    run('datasets', 'import', join(dataDir, 'bad.jsonl'));
    const failed = await create(connection, 'rft', 'm', { ...rft, dataset: 'bad' });
    expect(failed.state).toBe(JobState.FAILED);
    expect(failed.error).toContain("The data set 'bad' has lines that cannot be used: Line 2: answer is missing");
    const skipping = await create(connection, 'rft', 'm', { ...rft, dataset: 'bad', unusable: 'skip', steps: 1 });
    expect((await follow(connection, skipping.jobId)).state).toBe(JobState.DONE);
    expect((await create(connection, 'rft', 'm', { ...rft, base: 'nobody' })).error).toContain("no model 'nobody'");
    expect((await create(connection, 'rft', 'm', { ...rft, maxTokens: 60 })).error).toMatch(
      /Line 1: .* together at most 64 fit/,
    );
    const refused = run('jobs', 'create', 'rft', 'm', '--set', 'dataset=sums', '--set', 'verifier=external');
    expect(refused.code).not.toBe(0);
    expect(refused.err).toContain('rewardAddress');
  });
});
