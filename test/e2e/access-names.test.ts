import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Status } from 'nice-grpc-common';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Connection } from '../../clients/shared/connection.js';
import { AccessLevel, AccessServiceDefinition, NameKind } from '../../src/proto/tengen/v1/access.js';
import { DatasetServiceDefinition } from '../../src/proto/tengen/v1/dataset.js';
import { JobServiceDefinition, JobState } from '../../src/proto/tengen/v1/job.js';
import { ModelServiceDefinition, type Model } from '../../src/proto/tengen/v1/model.js';
import { tinyModel } from '../support/served-models.js';
import { createJob, expectStatus } from '../support/server-calls.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';

const tokens = { alice: 'alice-0123456789abcdef', bob: 'bob-0123456789abcdef', carol: 'carol-0123456789abcdef' };
const flags = ['--tokens', `alice:train=${tokens.alice},bob:train=${tokens.bob},carol:admin=${tokens.carol}`];

let dataDir: string;
let server: ServerProcess;
beforeAll(async () => {
  dataDir = makeDataDir();
  server = await startServerProcess(dataDir, flags);
});
afterAll(async () => {
  await server.kill();
  removeDataDir(dataDir);
});

const as = (name: keyof typeof tokens): Connection => server.connect({ token: tokens[name] });

async function upload(connection: Connection, name: string, seed: number): Promise<Model | undefined> {
  const chunk = Buffer.from(tinyModel(5, seed));
  const sha256 = createHash('sha256').update(chunk).digest('hex');
  // eslint-disable-next-line @typescript-eslint/require-await -- a stream of requests is asynchronous
  async function* messages() {
    yield { name, sha256, sizeBytes: chunk.length, chunk };
  }
  return (await connection.client(ModelServiceDefinition).uploadModel(messages())).model;
}

async function importLine(connection: Connection, name: string, line: string): Promise<void> {
  const chunk = Buffer.from(`${line}\n`);
  // eslint-disable-next-line @typescript-eslint/require-await -- a stream of requests is asynchronous
  async function* messages() {
    const sha256 = createHash('sha256').update(chunk).digest('hex');
    yield { name, maxTokens: 0n, sha256, sizeBytes: chunk.length, chunk };
  }
  await connection.client(DatasetServiceDefinition).importDataset(messages());
}

it('tells callers who they are', async () => {
  expect(await as('alice').client(AccessServiceDefinition).getCaller({})).toEqual({
    name: 'alice',
    level: AccessLevel.TRAIN,
  });
});

it('keeps what one token trains from the others, also after a restart, until an admin grants it', async () => {
  const job = await createJob(as('alice'), {}, 'hers');
  expect(job).toMatchObject({ state: JobState.RUNNING, createdBy: 'alice' });
  const promoted = (await as('bob').client(ModelServiceDefinition).getModel({ model: 'hers' })).model;
  const refusal = /The model 'hers' belongs to the token 'alice'; the token 'bob' of level train may write only/;

  for (const restart of [false, true]) {
    if (restart) {
      await server.stop();
      server = await startServerProcess(dataDir, flags);
    }
    const bob = as('bob');
    await expectStatus(createJob(bob, {}, 'hers'), Status.PERMISSION_DENIED, refusal);
    await expectStatus(upload(bob, 'hers', 1), Status.PERMISSION_DENIED, refusal);
    const { jobId } = job;
    const jobs = bob.client(JobServiceDefinition);
    await expectStatus(jobs.cancelJob({ jobId }), Status.PERMISSION_DENIED, /was created by the token 'alice'/);
    await expectStatus(jobs.resumeJob({ jobId }), Status.PERMISSION_DENIED, /was created by the token 'alice'/);
    expect((await bob.client(ModelServiceDefinition).listModels({ name: 'hers' })).models).toEqual([promoted]);
  }

  const access = as('carol').client(AccessServiceDefinition);
  const grant = { kind: NameKind.MODEL, name: 'hers', caller: 'bob' };
  await expectStatus(access.grantName({ ...grant, caller: 'bop' }), Status.INVALID_ARGUMENT, /no token named 'bop'/);
  expect((await access.grantName(grant)).ownership).toMatchObject({ owner: 'alice', granted: ['bob'] });
  expect(await upload(as('bob'), 'hers', 1)).toMatchObject({ promoted: false });
  await access.revokeName(grant);
  await expectStatus(upload(as('bob'), 'hers', 2), Status.PERMISSION_DENIED, refusal);
  expect((await as('alice').client(JobServiceDefinition).cancelJob({ jobId: job.jobId })).job?.state).toBe(
    JobState.CANCELLED,
  );
});

it('refuses an upload under the name of another before it has come', async () => {
  await upload(as('alice'), 'early', 5);
  const end = new AbortController();
  async function* messages() {
    yield { name: 'early', sizeBytes: 1000, chunk: Buffer.alloc(10) };
    await once(end.signal, 'abort');
  }
  const refusal = /The model 'early' belongs to the token 'alice'/;
  const uploading = as('bob').client(ModelServiceDefinition).uploadModel(messages());
  await expectStatus(uploading, Status.PERMISSION_DENIED, refusal);
  end.abort();
});

it('keeps a name that the admins use from the others', async () => {
  expect(await upload(as('carol'), 'ours', 3)).toMatchObject({ promoted: true });
  await expectStatus(upload(as('bob'), 'ours', 4), Status.PERMISSION_DENIED, /'ours' belongs to the admins/);
  await expectStatus(createJob(as('bob'), {}, 'ours'), Status.PERMISSION_DENIED, /'ours' belongs to the admins/);
});

it('keeps data sets from being replaced by others', async () => {
  await importLine(as('alice'), 'lines', '{"text":"good"}');
  const refusal = /The data set 'lines' belongs to the token 'alice'/;
  await expectStatus(importLine(as('bob'), 'lines', '{"text":"bad"}'), Status.PERMISSION_DENIED, refusal);
  const configJson = '{"dataset":"lines","keepScores":"lines"}';
  const { job } = await as('bob').client(JobServiceDefinition).createJob({ kind: 'rft', model: 'his', configJson });
  expect(job).toMatchObject({ state: JobState.FAILED, error: expect.stringMatching(refusal) as string });
  expect((await as('bob').client(DatasetServiceDefinition).listDatasets({})).datasets).toHaveLength(1);
});
