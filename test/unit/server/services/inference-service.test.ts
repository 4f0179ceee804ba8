import { ClientError, Status } from 'nice-grpc-common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from 'nice-grpc';
import { tengen1 } from '../../../../src/go/tengen-features.js';
import {
  GRPCInferenceServiceDefinition,
  ModelInferRequest,
  type ModelInferResponse,
} from '../../../../src/proto/inference/grpc_service.js';
import { startEvaluationServer, type EvaluationServer } from '../../../support/evaluation-server.js';
import { MemoryModels, randomPositions, tinyModel } from '../../../support/served-models.js';

const size = 5;
const count = 10;
const planes = new Float32Array(count * tengen1.planes * size * size);
const globals = new Float32Array(count * tengen1.globals);
const positions = randomPositions(size, count);
positions.forEach((position, i) =>
  tengen1.write(position, 0, planes, i * tengen1.planes * size * size, globals, i * tengen1.globals),
);
const models = new MemoryModels().add('go@1', tinyModel(size, 1)).promote('', 'go@1').promote('go', 'go@1');
let server: EvaluationServer;
let client: Client<GRPCInferenceServiceDefinition>;

beforeAll(async () => {
  // Smaller batches than the request, so that it is cut and put together again.
  server = await startEvaluationServer(models, { maxBatch: 4 });
  client = server.connection.client(GRPCInferenceServiceDefinition);
});

afterAll(() => server.close());

type Given = NonNullable<Parameters<typeof ModelInferRequest.create>[0]>;

function rawRequest(given: Given = {}): ModelInferRequest {
  return ModelInferRequest.create({
    modelName: 'go',
    id: 'seven',
    inputs: [
      { name: 'planes', datatype: 'FP32', shape: [count, tengen1.planes, size, size] },
      { name: 'globals', datatype: 'FP32', shape: [count, tengen1.globals] },
    ],
    rawInputContents: [new Uint8Array(planes.buffer), new Uint8Array(globals.buffer)],
    ...given,
  });
}

const longs = (...numbers: number[]): bigint[] => numbers.map(BigInt);

function tensor(response: ModelInferResponse, name: string): Float32Array {
  const index = response.outputs.findIndex((output) => output.name === name);
  return new Float32Array(Uint8Array.from(response.rawOutputContents[index]!).buffer);
}

async function refusal(promise: Promise<unknown>): Promise<ClientError> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(ClientError);
  return thrown as ClientError;
}

describe('the Open Inference Protocol', () => {
  it('says that the server lives, is ready, and what it is', async () => {
    expect(await client.serverLive({})).toEqual({ live: true });
    expect(await client.serverReady({})).toEqual({ ready: true });
    expect(await client.serverMetadata({})).toEqual({ name: 'tengen', version: '1.2.3', extensions: [] });
    expect(await client.modelReady({ name: 'go', version: '1' })).toEqual({ ready: true });
    expect(await client.modelReady({ name: 'go', version: '2' })).toEqual({ ready: false });
  });

  it('describes a model', async () => {
    const metadata = await client.modelMetadata({ name: 'go' });
    expect(metadata).toMatchObject({ name: 'go', versions: ['1'], platform: 'tengen' });
    expect(metadata.inputs.map(({ name, datatype, shape }) => [name, datatype, shape])).toEqual([
      ['planes', 'FP32', longs(-1, tengen1.planes, size, size)],
      ['globals', 'FP32', longs(-1, tengen1.globals)],
    ]);
    expect(metadata.outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['policy', longs(-1, 26)],
      ['value', longs(-1, 3)],
      ['score', longs(-1, 1)],
      ['ownership', longs(-1, 25)],
    ]);
  });

  it('answers features as the evaluator answers their positions', async () => {
    const response = await client.modelInfer(rawRequest());
    expect(response).toMatchObject({ modelName: 'go', modelVersion: '1', id: 'seven' });
    expect(response.outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['policy', longs(count, 26)],
      ['value', longs(count, 3)],
      ['score', longs(count, 1)],
      ['ownership', longs(count, 25)],
    ]);
    const { evaluations } = await server.evaluator.evaluate({ model: '', positions, ownership: true });
    evaluations.forEach((evaluation, i) => {
      expect(tensor(response, 'score')[i]).toBeCloseTo(evaluation.score, 4);
      expect(tensor(response, 'value')[3 * i]).toBeCloseTo(evaluation.win, 4);
      expect(tensor(response, 'policy')[26 * i + 25]).toBeCloseTo(evaluation.logits[25]!, 4);
      expect(tensor(response, 'ownership')[25 * i + 3]).toBeCloseTo(evaluation.ownership![3]!, 4);
    });
  });

  it('takes typed contents too, and gives only the outputs asked for', async () => {
    const inputs = [
      { name: 'globals', datatype: 'FP32', shape: [count, tengen1.globals], contents: { fp32Contents: [...globals] } },
      {
        name: 'planes',
        datatype: 'FP32',
        shape: [count, tengen1.planes, size, size],
        contents: { fp32Contents: [...planes] },
      },
    ];
    const outputs = [{ name: 'score' }];
    const response = await client.modelInfer(rawRequest({ inputs, outputs, rawInputContents: [] }));
    expect(response.outputs.map(({ name }) => name)).toEqual(['score']);
    expect(tensor(response, 'score')).toEqual(tensor(await client.modelInfer(rawRequest()), 'score'));
  });

  it('refuses what does not fit with a status and a sentence', async () => {
    const [planesInput, globalsInput] = rawRequest().inputs;
    const { rawInputContents } = rawRequest();
    const bad: [Given, Status, RegExp][] = [
      [{ modelName: 'chess' }, Status.NOT_FOUND, /no model 'chess'/],
      [{ modelName: '', modelVersion: '1' }, Status.INVALID_ARGUMENT, /without the model's name/],
      [{ inputs: [], rawInputContents: [] }, Status.INVALID_ARGUMENT, /Input 'planes' is missing/],
      [
        { inputs: [planesInput!], rawInputContents: [rawInputContents[0]!] },
        Status.INVALID_ARGUMENT,
        /'globals' is missing/,
      ],
      [{ rawInputContents: [rawInputContents[0]!] }, Status.INVALID_ARGUMENT, /raw_input_contents holds 1 tensors/],
      [{ inputs: [{ ...planesInput!, datatype: 'FP16' }, globalsInput!] }, Status.INVALID_ARGUMENT, /datatype 'FP16'/],
      [
        { inputs: [{ ...planesInput!, shape: longs(count, tengen1.planes, 9, 9) }, globalsInput!] },
        Status.INVALID_ARGUMENT,
        /'planes' has shape \[10, 12, 9, 9\]; it must be \[10, 12, 5, 5\]/,
      ],
      [{ inputs: [{ ...planesInput!, name: 'x' }, globalsInput!] }, Status.INVALID_ARGUMENT, /no input 'x'/],
      [{ outputs: [{ name: 'joy' }] }, Status.INVALID_ARGUMENT, /no output 'joy'/],
      [
        { rawInputContents: [rawInputContents[0]!, new Uint8Array(3)] },
        Status.INVALID_ARGUMENT,
        /'globals' has 3 bytes; its shape needs 280/,
      ],
    ];
    for (const [given, code, message] of bad) {
      const error = await refusal(client.modelInfer(rawRequest(given)));
      expect([error.code, error.details]).toEqual([code, expect.stringMatching(message)]);
    }
    expect((await client.modelInfer(rawRequest())).outputs).toHaveLength(4);
  });

  it.each([
    [longs(), /^Input 'planes' has shape \[\]; it must be \[batch, 12, 5, 5\]$/],
    [longs(-1), /has shape \[-1\]; it must be \[batch, 12, 5, 5\]$/],
    [longs(count, 12, 25), /has shape \[10, 12, 25\]; it must be \[batch, 12, 5, 5\]$/],
    [longs(count, 12, 5, 5, 1), /has shape \[10, 12, 5, 5, 1\]; it must be \[batch, 12, 5, 5\]$/],
    [longs(-1, 12, 5, 5), /^The batch is -1 positions; it must be 1 to 1024$/],
    [[2n ** 53n + 1n, 12n, 5n, 5n], /^The batch is 9007199254740993 positions; it must be 1 to 1024$/],
    [[10n, 12n, 5n, 2n ** 63n - 1n], /has shape \[10, 12, 5, 9223372036854775807\]; it must be \[10, 12, 5, 5\]$/],
    [[10n, -(2n ** 63n), 5n, 5n], /has shape \[10, -9223372036854775808, 5, 5\]; it must be \[10, 12, 5, 5\]$/],
  ])('refuses planes of shape [%s] with all its digits', async (shape, message) => {
    const [planesInput, globalsInput] = rawRequest().inputs;
    const error = await refusal(client.modelInfer(rawRequest({ inputs: [{ ...planesInput!, shape }, globalsInput!] })));
    expect([error.code, error.details]).toEqual([Status.INVALID_ARGUMENT, expect.stringMatching(message)]);
  });

  it('refuses what would have no effect, or two', async () => {
    const [planesInput, globalsInput] = rawRequest().inputs;
    const parameter = (value: bigint): ModelInferRequest['parameters'] => ({
      class_count: { parameterChoice: { $case: 'int64Param', value } },
    });
    const bad: [Given, string][] = [
      [
        { parameters: parameter(2n ** 63n - 1n) },
        "The request has the parameter 'class_count' (9223372036854775807); this server knows none",
      ],
      [
        { inputs: [{ ...planesInput!, parameters: parameter(-1n) }, globalsInput!] },
        "Input 'planes' has the parameter 'class_count' (-1); this server knows none",
      ],
      [
        { outputs: [{ name: 'policy', parameters: parameter(3n) }] },
        "Output 'policy' has the parameter 'class_count' (3); this server knows none",
      ],
      [
        { parameters: { class_count: {} } },
        "The request has the parameter 'class_count' (no value); this server knows none",
      ],
      [
        { inputs: [planesInput!, globalsInput!, planesInput!], rawInputContents: [] },
        "Input 'planes' is given twice; each name may be given once",
      ],
      [
        { outputs: [{ name: 'policy' }, { name: 'policy' }] },
        "Output 'policy' is given twice; each name may be given once",
      ],
      [
        { inputs: [planesInput!, { ...globalsInput!, contents: { fp32Contents: [1] } }] },
        "Input 'globals' has fp32_contents beside raw_input_contents; values come in one of the two",
      ],
      [
        {
          inputs: [planesInput!, { ...globalsInput!, contents: { uint64Contents: [2n ** 64n - 1n] } }],
          rawInputContents: [],
        },
        "Input 'globals' is FP32 and has its values in uint64_contents",
      ],
    ];
    for (const [given, message] of bad) {
      const error = await refusal(client.modelInfer(rawRequest(given)));
      expect([error.code, error.details]).toEqual([Status.INVALID_ARGUMENT, message]);
    }
  });
});
