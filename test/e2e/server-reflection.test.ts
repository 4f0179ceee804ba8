import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askSchema } from '../../bench/fuzz/schema.js';
import { WireConnection } from '../../bench/fuzz/wire-call.js';
import { RawClient } from '../support/raw-call.js';
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
    'grpc.reflection.v1.ServerReflection',
    'grpc.reflection.v1alpha.ServerReflection',
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
    'tengen.v1.SearchService',
    'tengen.v1.SelfPlayService',
  ]);
});

it('sends descriptors that a strict reader takes', async () => {
  const connection = new WireConnection(server.address);
  const { methods } = await askSchema(connection);
  connection.close();
  const create = methods.find(({ name }) => name === 'CreateJob')!;
  expect(create.input.fields.map(({ jsonName }) => jsonName)).toEqual(['kind', 'model', 'configJson']);
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

/** The fields of an answer by their numbers in the protocol of reflection: 4 has descriptors, 7 says what went wrong. */
function fieldsOf(bytes: Uint8Array): number[] {
  const reader = new BinaryReader(bytes);
  const fields: number[] = [];
  while (reader.pos < reader.len) {
    const [field, kind] = reader.tag();
    fields.push(field);
    reader.skip(kind);
  }
  return fields;
}

describe.each(['v1', 'v1alpha'])('reflection %s', (version) => {
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;

  it('finds the file of every kind of symbol, itself included', async () => {
    const symbols = [
      'tengen.v1.EvaluatorService',
      'tengen.v1.EvaluatorService.Evaluate',
      'tengen.v1.EvaluateRequest',
      'tengen.v1.EvaluateRequest.request_id',
      'tengen.v1.Priority',
      'tengen.v1.PRIORITY_INTERACTIVE',
      'grpc.health.v1.HealthCheckResponse.SERVING',
      'inference.ModelMetadataResponse.TensorMetadata',
      'inference.ModelMetadataResponse.TensorMetadata.shape',
      `grpc.reflection.${version}.ServerReflection`,
    ];
    const client = new RawClient(server.address);
    const ask = (symbol: string): Uint8Array => new BinaryWriter().uint32(34).string(symbol).finish();
    const { status, messages } = await client.call(path, [...symbols, 'tengen.v1.Nothing'].map(ask));
    client.close();
    expect(status).toBe('OK');
    const found = messages.map((bytes) => fieldsOf(bytes).includes(4));
    expect(Object.fromEntries([...symbols, 'tengen.v1.Nothing'].map((symbol, i) => [symbol, found[i]]))).toEqual({
      ...Object.fromEntries(symbols.map((symbol) => [symbol, true])),
      'tengen.v1.Nothing': false,
    });
    expect(fieldsOf(messages.at(-1)!)).toContain(7);
  });

  it('says so where nothing is asked', async () => {
    const client = new RawClient(server.address);
    const { status, messages } = await client.call(path, [new BinaryWriter().uint32(10).string('host').finish()]);
    client.close();
    expect(status).toBe('OK');
    expect(Buffer.from(messages[0]!).toString()).toContain('The request asks for nothing; it must have one of');
  });

  it('refuses bytes that are no request of it', async () => {
    const client = new RawClient(server.address);
    const { status, details } = await client.call(path, [Uint8Array.of(0x0f)]);
    client.close();
    expect([status, details]).toEqual([
      'INVALID_ARGUMENT',
      expect.stringContaining(`Message 1 of the call ${path} has 1 bytes that are no request of it: `),
    ]);
  });
});
