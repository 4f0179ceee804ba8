/** Values that nobody means are refused with the field, the value seen and the values allowed: over all services. */

import { ClientError, Status } from 'nice-grpc-common';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Connection } from '../../clients/shared/connection.js';
import { NameKind, AccessServiceDefinition } from '../../src/proto/tengen/v1/access.js';
import { GRPCInferenceServiceDefinition, ModelInferRequest } from '../../src/proto/inference/grpc_service.js';
import { CurriculumServiceDefinition, DrawRequest } from '../../src/proto/tengen/v1/curriculum.js';
import { DatasetServiceDefinition } from '../../src/proto/tengen/v1/dataset.js';
import { EvaluateRequest, EvaluatorServiceDefinition, type Priority } from '../../src/proto/tengen/v1/evaluator.js';
import { GenerateRequest, GenerationServiceDefinition } from '../../src/proto/tengen/v1/generation.js';
import { ModelServiceDefinition, type ModelFormat } from '../../src/proto/tengen/v1/model.js';
import {
  FitCostRequest,
  PlanStepRequest,
  SchedulingPolicy,
  SchedulingServiceDefinition,
} from '../../src/proto/tengen/v1/scheduling.js';
import { encodeModel } from '../../src/nn/model-file.js';
import { expectStatus } from '../support/server-calls.js';
import { tinyModel } from '../support/served-models.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';
import { tinyLanguageModel } from '../support/tiny-language-model.js';
import { digestOf, upload } from '../support/uploads.js';

let dataDir: string;
let server: ServerProcess;
let connection: Connection;

beforeAll(async () => {
  dataDir = makeDataDir();
  server = await startServerProcess(dataDir, ['--no-page']);
  connection = server.connect();
  for (const [name, chunk] of [
    ['player', tinyModel(5, 1)],
    ['speaker', encodeModel(tinyLanguageModel(1))],
    ['talker', encodeModel(tinyLanguageModel(1, 4096, 4096))],
  ] as const) {
    await upload(connection, 'model', name, one({ chunk, sizeBytes: chunk.length, sha256: digestOf(chunk) }));
  }
});
afterAll(async () => {
  await server.kill();
  removeDataDir(dataDir);
});

// eslint-disable-next-line @typescript-eslint/require-await -- a stream of requests is asynchronous
async function* one<T>(...messages: T[]): AsyncGenerator<T> {
  yield* messages;
}

async function all(answers: AsyncIterable<unknown>): Promise<void> {
  const iterator = answers[Symbol.asyncIterator]();
  while (!(await iterator.next()).done);
}

const position = { size: 5, stones: new Uint8Array(25), toMove: 1 as const, rules: { komi: 7.5 } };

/** A request of a stream fails alone, in its answer. */
async function evaluate(fields: Parameters<typeof EvaluateRequest.fromPartial>[0]): Promise<void> {
  const request = EvaluateRequest.fromPartial({ requestId: 1, positions: [position], ...fields });
  for await (const { error } of connection.client(EvaluatorServiceDefinition).evaluate(one(request))) {
    expect(error?.code).toBe(Status.INVALID_ARGUMENT);
    throw new ClientError('Evaluate', Status.INVALID_ARGUMENT, error!.message);
  }
}

function plan({ cost = {}, ...cluster }: { gatheredShare?: number; cost?: { linearMs?: number } }): Promise<unknown> {
  const request = PlanStepRequest.fromPartial({
    policy: SchedulingPolicy.SKRULL,
    lengths: [5, 6],
    cluster: { dataParallel: 1, contextParallel: 2, bucketSize: 100, ...cluster, cost: { linearMs: 1, ...cost } },
  });
  return connection.client(SchedulingServiceDefinition).planStep(request);
}

function generate(fields: Parameters<typeof GenerateRequest.fromPartial>[0]): Promise<void> {
  const prompt = { $case: 'text' as const, value: 'a' };
  const request = GenerateRequest.fromPartial({ model: 'speaker', prompt, maxTokens: 1, ...fields });
  return all(connection.client(GenerationServiceDefinition).generate(request));
}

/** The logits after tokens of a language model. */
function infer(modelName: string, count: number, output: string): Promise<unknown> {
  const request = ModelInferRequest.fromPartial({
    modelName,
    outputs: [{ name: output }],
    inputs: [{ name: 'tokens', datatype: 'INT64', shape: [BigInt(count)] }],
    rawInputContents: [new Uint8Array(8 * count)],
  });
  return connection.client(GRPCInferenceServiceDefinition).modelInfer(request);
}

const rows: readonly (readonly [what: string, call: () => Promise<unknown>, sentence: RegExp])[] = [
  ['a priority of 99', () => evaluate({ priority: 99 as Priority }), /^priority is 99; it must be /],
  ['a priority of -1', () => evaluate({ priority: -1 }), /^priority is -1; it must be /],
  [
    'an unknown format',
    () => all(connection.client(ModelServiceDefinition).downloadModel({ model: 'player', format: 99 as ModelFormat })),
    /^format is 99; it must be /,
  ],
  ['a cost without end', () => plan({ cost: { linearMs: 1e308 } }), /linear.* 1e\+?308/i],
  ['a share above 1', () => plan({ gatheredShare: 1.1 }), /gathered.* 1\.1; it must be/i],
  [
    'an output that no language model has',
    () => infer('speaker', 3, 'policy'),
    /^There is no output 'policy'; .* logits/,
  ],
  [
    'more logits than the main thread may send at once',
    () => infer('talker', 1025, 'logits'),
    /^The logits after 1025 tokens have 16793600 bytes; at most 4190208 are sent, of 255 tokens of this model$/,
  ],
  ['an empty stop text', () => generate({ stop: [''] }), /^stop.*empty|^stop/],
  [
    'ranks without end',
    () =>
      connection
        .client(SchedulingServiceDefinition)
        .fitCost(FitCostRequest.fromPartial({ contextParallel: 4_294_967_295 })),
    /4294967295; it must be/,
  ],
  [
    'one prompt told of twice',
    () =>
      all(
        connection
          .client(CurriculumServiceDefinition)
          .draw(
            one(
              DrawRequest.fromPartial({ body: { $case: 'open', value: { settings: { kind: 'uniform' }, seed: 1 } } }),
              DrawRequest.fromPartial({ body: { $case: 'add', value: { prompts: [{ id: 'a', length: 3 }] } } }),
              DrawRequest.fromPartial({ body: { $case: 'draw', value: { count: 1 } } }),
              DrawRequest.fromPartial({ body: { $case: 'update', value: { indices: [0, 0], passRates: [1, 0] } } }),
            ),
          ),
      ),
    /indices/,
  ],
  [
    'a data set without a name',
    () =>
      connection
        .client(DatasetServiceDefinition)
        .importDataset(one({ name: '', maxTokens: 0n, chunk: Buffer.from('{}'), sizeBytes: 2, sha256: '' })),
    /^The data set name is ''/,
  ],
  [
    'a grant without a name',
    () => connection.client(AccessServiceDefinition).grantName({ kind: NameKind.DATASET, name: '', caller: 'nobody' }),
    /^The data set name is ''/,
  ],
];

it.each(rows)('refuses %s', async (_what, call, sentence) => {
  await expectStatus(call(), Status.INVALID_ARGUMENT, sentence);
});

it('finds no model under a version that goes on', async () => {
  const models = connection.client(ModelServiceDefinition);
  const { model } = await models.getModel({ model: 'player' });
  const call = models.getModel({ model: `player@${model!.version}@` });
  await expect(call).rejects.toMatchObject({
    code: expect.toBeOneOf([Status.NOT_FOUND, Status.INVALID_ARGUMENT]) as number,
  });
});

it('refuses an upload that changes its name on the way', async () => {
  const file = Buffer.from('{"text":"sample"}\n');
  const said = {
    sizeBytes: 2 * file.length,
    sha256: digestOf(Buffer.concat([file, file])),
    maxTokens: 0n,
    chunk: file,
  };
  const call = connection
    .client(DatasetServiceDefinition)
    .importDataset(one({ ...said, name: 'a' }, { ...said, name: 'b' }));
  await expectStatus(call, Status.INVALID_ARGUMENT, /'b'/);
});
