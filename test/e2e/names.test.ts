import { Status } from 'nice-grpc-common';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AccessServiceDefinition, NameKind } from '../../src/proto/tengen/v1/access.js';
import { JobServiceDefinition } from '../../src/proto/tengen/v1/job.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { expectError, expectStatus } from '../support/server-calls.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';
import { WorkClient } from '../support/work-client.js';

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

const evil = 'a\u001b[2J\nb';
const shown = /'a\\u001b\[2J\\nb'/;

it('of workers, models and whatever is asked for are refused with control characters, shown in one line', async () => {
  const connection = server.connect();
  const worker = new WorkClient(connection);
  worker.hello(1, evil);
  expectError(await worker.ended(), Status.INVALID_ARGUMENT, shown);
  const long = new WorkClient(connection);
  long.hello(1, 'x'.repeat(201));
  expectError(await long.ended(), Status.INVALID_ARGUMENT, /^worker is 'x{100}…'; it must be a name of 1 to 200/);

  const jobs = connection.client(JobServiceDefinition);
  const models = connection.client(ModelServiceDefinition);
  const access = connection.client(AccessServiceDefinition);
  const create = { kind: 'alphazero', model: 'm', configJson: '{}' };
  await expectStatus(jobs.createJob({ ...create, model: evil }), Status.INVALID_ARGUMENT, shown);
  await expectStatus(jobs.createJob({ ...create, kind: evil }), Status.INVALID_ARGUMENT, shown);
  await expectStatus(
    jobs.createJob({ ...create, configJson: JSON.stringify({ [evil]: 1 }) }),
    Status.INVALID_ARGUMENT,
    shown,
  );
  const scores = JSON.stringify({ dataset: 'd', keepScores: evil });
  await expectStatus(jobs.createJob({ ...create, kind: 'rft', configJson: scores }), Status.INVALID_ARGUMENT, shown);
  await expectStatus(jobs.getJob({ jobId: evil }), Status.NOT_FOUND, shown);
  await expectStatus(models.getModel({ model: evil }), Status.NOT_FOUND, shown);
  const grant = { kind: NameKind.MODEL, name: 'm', caller: evil };
  await expectStatus(access.grantName(grant), Status.INVALID_ARGUMENT, shown);
  expect(server.log()).not.toContain('\u001b');
});
