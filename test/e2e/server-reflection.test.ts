import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';

const buf = fileURLToPath(new URL('../../node_modules/.bin/buf', import.meta.url));
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

/** `buf curl` knows nothing of our .proto files here: all it learns comes from reflection. */
async function curl(path: string, ...args: string[]): Promise<string> {
  const common = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge'];
  const { stdout } = await promisify(execFile)(buf, [...common, ...args, `http://${server.address}${path}`], {
    cwd: dataDir,
  });
  return stdout;
}

it('lists every service of the contract', async () => {
  expect((await curl('', '--list-services')).trim().split('\n').sort()).toEqual([
    'grpc.health.v1.Health',
    'inference.GRPCInferenceService',
    'tengen.v1.AccessService',
    'tengen.v1.BranchingService',
    'tengen.v1.CurriculumService',
    'tengen.v1.DatasetService',
    'tengen.v1.EvaluatorService',
    'tengen.v1.GameService',
    'tengen.v1.GenerationService',
    'tengen.v1.GrowthService',
    'tengen.v1.JobService',
    'tengen.v1.ModelService',
    'tengen.v1.MonitorService',
    'tengen.v1.SchedulingService',
    'tengen.v1.SelfPlayService',
  ]);
});

it('lists methods', async () => {
  expect(await curl('', '--list-methods')).toMatch(/tengen\.v1\.JobService\/WatchJob/);
});

it('is enough to call services with maps, optional fields and streams', async () => {
  expect(JSON.parse(await curl('/tengen.v1.JobService/ListJobs', '-d', '{}'))).toEqual({});
  expect(JSON.parse(await curl('/tengen.v1.ModelService/ListModels', '-d', '{}'))).toEqual({});
  expect(JSON.parse(await curl('/inference.GRPCInferenceService/ServerLive', '-d', '{}'))).toEqual({ live: true });
  const hello = JSON.stringify({ hello: { worker: 'curl', games: 1, protocolVersion: 1 } });
  expect(JSON.parse(await curl('/tengen.v1.SelfPlayService/Work', '-d', hello))).toEqual({
    idle: { reason: 'No job is running' },
  });
});

it('answers health checks for the whole server and for each service', async () => {
  for (const service of ['', 'tengen.v1.EvaluatorService', 'inference.GRPCInferenceService']) {
    const answer = await curl('/grpc.health.v1.Health/Check', '-d', JSON.stringify({ service }));
    expect(JSON.parse(answer)).toEqual({ status: 'SERVING' });
  }
  await expect(curl('/grpc.health.v1.Health/Check', '-d', '{"service":"nobody"}')).rejects.toThrow(/nobody/);
});
