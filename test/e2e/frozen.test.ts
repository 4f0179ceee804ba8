/** What a client sends never decides how long everybody else waits. */

import { writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../clients/shared/connection.js';
import { encodeModel } from '../../src/nn/model-file.js';
import { GenerationServiceDefinition } from '../../src/proto/tengen/v1/generation.js';
import { type Job, JobServiceDefinition, JobState } from '../../src/proto/tengen/v1/job.js';
import { SchedulingPolicy, SchedulingServiceDefinition } from '../../src/proto/tengen/v1/scheduling.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';
import { endlessLanguageModel, endlessText, unopenableLanguageModel } from '../support/tiny-language-model.js';
import { digestOf, upload } from '../support/uploads.js';

const tengen = join(import.meta.dirname, '../../dist/clients/cli/main.js');
/** After this a server is frozen. */
const frozenMs = 60_000;

let dataDir: string;
let server: ServerProcess;

beforeEach(async () => {
  dataDir = makeDataDir();
  server = await startServerProcess(dataDir);
});
afterEach(async () => {
  await server.kill();
  removeDataDir(dataDir);
});

function importLines(name: string, lines: readonly object[]): void {
  const file = join(dataDir, `${name}.jsonl`);
  writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'));
  const { status, stderr } = spawnSync(
    process.execPath,
    [tengen, 'datasets', 'import', file, '--address', server.address],
    { encoding: 'utf8' },
  );
  expect(status, stderr).toBe(0);
}

/** Resolves when a job's progress says `text`, or rejects when the server says nothing for too long. */
async function followUntil(jobId: string, text: string): Promise<void> {
  const jobs = server.connect().client(JobServiceDefinition);
  const signal = AbortSignal.timeout(frozenMs);
  for await (const { progress, state } of jobs.watchJob({ jobId, afterSequence: 0 }, { signal })) {
    if (progress?.message.includes(text)) return;
    if (state === JobState.FAILED) throw new Error('The job failed');
  }
  throw new Error(`The job ended without '${text}'`);
}

async function createJob(kind: string, model: string, settings: object): Promise<string> {
  const jobs = server.connect().client(JobServiceDefinition);
  const { job } = await jobs.createJob({ kind, model, configJson: JSON.stringify(settings) });
  return job!.jobId;
}

/** Trains a language model; its name. */
async function trainStart(): Promise<string> {
  importLines('texts', [
    { prompt: 'a', completion: 'b' },
    { prompt: 'c', completion: 'd' },
  ]);
  const small = { layers: 1, hidden: 32, heads: 2, keyValueHeads: 1, bucketSize: 64, contextParallel: 1 };
  const job = await createJob('sft', 'start', {
    ...small,
    dataset: 'texts',
    costModel: 'estimate',
    maxSteps: 1,
    batchSize: 2,
  });
  await followUntil(job, 'is the model now');
  return 'start';
}

/** Uploads the model 'words', whose vocabulary has a pattern that never ends. */
async function uploadEndless(connection: Connection, model = endlessLanguageModel()): Promise<void> {
  const file = encodeModel(model);
  const parts = [{ chunk: file, sizeBytes: file.length, sha256: digestOf(file) }];
  await upload(connection, 'model', 'words', Readable.from(parts));
}

/** Tasks of which some have a pattern that tries every way to read a text: 2^50 of them for one of 50 characters. */
function unendingTasks(count: number, isUnending: (n: number) => boolean): object[] {
  const verifier = 'regex:(?:[^]|[^])*\\u{10FFFF}$';
  return Array.from({ length: count }, (_, i) => i + 1).map((n) => ({
    prompt: `${n}`,
    answer: 'x',
    ...(isUnending(n) && { verifier }),
  }));
}

describe('a server that does not freeze', { timeout: 180_000 }, () => {
  it('goes on where a data set has a pattern that never ends', async () => {
    const base = await trainStart();
    importLines(
      'tasks',
      unendingTasks(4, (n) => n > 1),
    );
    const rft = await createJob('rft', 'better', {
      dataset: 'tasks',
      base,
      promptsPerStep: 3,
      completions: 2,
      maxTokens: 50,
      steps: 1000,
      endRequired: false,
      evaluationPrompts: 1,
      sampledEvaluations: 0,
      verifierTimeoutMs: 200,
    });
    await followUntil(rft, 'time-out');
    const jobs = server.connect().client(JobServiceDefinition);
    await jobs.listJobs({}, { signal: AbortSignal.timeout(frozenMs) });
    expect(await server.stop()).toBe(0);
  });

  it('stops, and stops a job, while a verifier has an hour left', async () => {
    const base = await trainStart();
    importLines(
      'tasks',
      unendingTasks(2, () => true),
    );
    importLines('checks', [{ prompt: '1', answer: 'x' }]);
    const jobId = await createJob('rft', 'better', {
      dataset: 'tasks',
      base,
      promptsPerStep: 1,
      completions: 2,
      maxTokens: 50,
      steps: 1000,
      endRequired: false,
      evaluationDataset: 'checks',
      sampledEvaluations: 0,
      verifierTimeoutMs: 3_600_000,
    });
    // After the evaluation the first step is judged.
    await followUntil(jobId, '"answer":"x"');
    expect(await server.stop()).toBe(0);
    server = await startServerProcess(dataDir);
    const jobs = server.connect().client(JobServiceDefinition);
    expect((await jobs.getJob({ jobId })).job?.state).toBe(JobState.RUNNING);
    const { job } = await jobs.cancelJob({ jobId }, { signal: AbortSignal.timeout(frozenMs) });
    expect(job?.state).toBe(JobState.CANCELLED);
  });

  it('refuses settings of a job that are longer than anybody needs', async () => {
    const jobs = server.connect().client(JobServiceDefinition);
    const create = (configJson: string): Promise<unknown> => jobs.createJob({ kind: 'sft', model: 'm', configJson });
    const name = 'a'.repeat(65_536);
    await expect(create(`{"${name}":1}`)).rejects.toThrow(
      'INVALID_ARGUMENT: config_json has 65542 characters; at most 65536 are allowed',
    );
    await expect(create(`{"${name.slice(6)}":1}`)).rejects.toThrow('INVALID_ARGUMENT: Unknown setting');
  });

  it('goes on where a vocabulary has a pattern that never ends', async () => {
    const connection = server.connect();
    await uploadEndless(connection);
    const generation = connection.client(GenerationServiceDefinition);
    expect((await generation.tokenize({ model: 'words', text: 'a' })).ids).toEqual([1]);
    const left = new AbortController();
    const endless = { model: 'words', text: endlessText };
    const unending = generation.tokenize(endless, { signal: left.signal });
    const refused = expect(unending).rejects.toThrow();
    const { jobs } = await connection.client(JobServiceDefinition).listJobs({});
    expect(jobs).toEqual([]);
    left.abort();
    await refused;
    generation.tokenize(endless).catch(() => undefined);
    expect((await generation.tokenize({ model: 'words', text: 'a' })).ids).toEqual([1]);
  });

  it('goes on, and stops, while a vocabulary never opens', async () => {
    const connection = server.connect();
    await uploadEndless(connection, unopenableLanguageModel());
    const generation = connection.client(GenerationServiceDefinition);
    let isAnswered = false;
    const asked = generation
      .tokenize({ model: 'words', text: 'a' })
      .catch(() => undefined)
      .finally(() => (isAnswered = true));
    const jobs = connection.client(JobServiceDefinition);
    for (let i = 0; i < 20; i++) await jobs.listJobs({}, { signal: AbortSignal.timeout(frozenMs) });
    expect(isAnswered).toBe(false);
    expect(await server.stop()).toBe(0);
    await asked;
  });

  it.each([
    ['sft', { prompt: 'a', completion: endlessText }],
    ['rft', { prompt: endlessText, answer: 'a' }],
    ['grow', { text: endlessText }],
  ])('goes on, and stops, while a job of kind %s reads its data with such a vocabulary', async (kind, line) => {
    await uploadEndless(server.connect());
    importLines('endless', [line]);
    const jobs = server.connect().client(JobServiceDefinition);
    const settings = kind === 'grow' ? { source: 'words', layers: 3 } : { base: 'words' };
    const listed = async (): Promise<Job[]> =>
      (await jobs.listJobs({}, { signal: AbortSignal.timeout(frozenMs) })).jobs;
    /** The job while it starts; the call that creates it is answered once it works, or has ended. */
    const create = async (name: string): Promise<{ job: Job; answer: Promise<unknown> }> => {
      const answer = createJob(kind, name, { dataset: 'endless', ...settings });
      for (;;) {
        const [job] = await Promise.race([listed(), answer.then(listed)]);
        if (job?.model === name) return { job, answer };
      }
    };
    const first = await create('first');
    const { jobId } = first.job;
    const { job } = await jobs.cancelJob({ jobId }, { signal: AbortSignal.timeout(frozenMs) });
    expect(job).toMatchObject({ state: JobState.CANCELLED, error: '' });
    await first.answer;
    const second = (await create('second')).answer.catch(() => undefined);
    expect(await server.stop()).toBe(0);
    await second;
    server = await startServerProcess(dataDir);
    const { jobs: found } = await server.connect().client(JobServiceDefinition).listJobs({});
    expect(found.map(({ state }) => state)).toEqual([JobState.RUNNING, JobState.CANCELLED]);
    expect(await server.stop()).toBe(0);
  });

  it('answers others while it plans the largest step', async () => {
    const connection = server.connect();
    const cost = {
      linearMs: 1e-4,
      attentionMs: 1e-9,
      attentionHalfTokens: 100,
      computeMs: 0,
      microBatchMs: 0,
      stepMs: 0,
    };
    const exchange = { exchangeMsPerToken: 1e-6, exchangeMs: 0, exchangeFloorMs: 0 };
    const planning = connection.client(SchedulingServiceDefinition).planStep({
      lengths: Array.from({ length: 16_384 }, (_, i) => 1 + ((i * 7919) % 4000)),
      cluster: {
        dataParallel: 1,
        contextParallel: 64,
        bucketSize: 4096,
        gatheredShare: 0,
        cost: { ...cost, ...exchange },
      },
      policy: SchedulingPolicy.SKRULL_REFINED,
    });
    let isPlanned = false;
    const planned = planning.finally(() => (isPlanned = true));
    const jobs = connection.client(JobServiceDefinition);
    for (let i = 0; i < 3; i++) await jobs.listJobs({});
    expect(isPlanned).toBe(false);
    expect((await planned).summary?.tokens).toBeGreaterThan(16_384);
  });
});
