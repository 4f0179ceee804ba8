/** Calls at the limits that docs/protocol.md gives them. */

import { Rng } from '../../src/core/rng.js';
import { encodeModel } from '../../src/nn/model-file.js';
import { checkTransformer } from '../../src/nn/networks/transformer/configuration.js';
import { initialTransformer } from '../../src/nn/networks/transformer/parameters.js';
import { GRPCInferenceServiceDefinition, ModelInferRequest } from '../../src/proto/inference/grpc_service.js';
import { BranchingServiceDefinition, ValueLabel } from '../../src/proto/tengen/v1/branching.js';
import { CurriculumServiceDefinition, type DrawRequest } from '../../src/proto/tengen/v1/curriculum.js';
import { GenerationServiceDefinition } from '../../src/proto/tengen/v1/generation.js';
import { JobServiceDefinition } from '../../src/proto/tengen/v1/job.js';
import {
  SchedulingPolicy,
  SchedulingServiceDefinition,
  TimeSampleKind,
  type SchedulingCluster,
} from '../../src/proto/tengen/v1/scheduling.js';
import { byteTokenizer } from '../../src/text/bytes.js';
import { goCalls } from './go-calls.js';
import { drain, type LimitCall, type World } from './limit-call.js';
import { rawCalls } from './raw-calls.js';
import { storedCalls } from './stored-calls.js';
import { workCalls } from './work-calls.js';

/** How large files are; the documented limit of 1 GiB takes minutes to send. */
export interface FileSizes {
  readonly datasetMegabytes: number;
}

const MOST_CHARACTERS = 262_144;

/** All calls, with files of these sizes. */
export function limitCalls({ datasetMegabytes }: FileSizes): LimitCall[] {
  return [
    ...scheduling(),
    ...branching(),
    curriculum(),
    ...language(),
    ...storedCalls(),
    ...goCalls(),
    ...workCalls(),
    ...rawCalls(),
    dataset(datasetMegabytes),
    headers(),
    settings(),
    message(),
  ];
}

const cluster: SchedulingCluster = {
  dataParallel: 1,
  contextParallel: 64,
  bucketSize: 4096,
  gatheredShare: 0,
  cost: {
    linearMs: 1e-4,
    attentionMs: 1e-9,
    attentionHalfTokens: 100,
    computeMs: 0,
    microBatchMs: 0,
    stepMs: 0,
    exchangeMsPerToken: 1e-6,
    exchangeMs: 0,
    exchangeFloorMs: 0,
  },
};

function scheduling(): LimitCall[] {
  const lengths = Array.from({ length: 16_384 }, (_, i) => 1 + ((i * 7919) % 4000));
  const plan = (policy: SchedulingPolicy, microBatch: number) => (world: World) =>
    world.connection.client(SchedulingServiceDefinition).planStep({ lengths, cluster, policy, microBatch });
  const { LOCAL, SHARDED, EXCHANGE } = TimeSampleKind;
  const samples = Array.from({ length: 10_000 }, (_, i) => ({
    kind: [LOCAL, SHARDED, EXCHANGE][i % 3]!,
    lengths: Array.from({ length: 100 }, (_, j) => 1 + ((i * j) % 4000)),
    ms: 1 + (i % 17),
  }));
  return [
    { name: 'PlanStep skrull-refined', call: plan(SchedulingPolicy.SKRULL_REFINED, 0) },
    { name: 'PlanStep dacp', call: plan(SchedulingPolicy.DACP, 1) },
    {
      name: 'FitCost',
      call: ({ connection }) =>
        connection.client(SchedulingServiceDefinition).fitCost({ samples, contextParallel: 8, stepMs: 0 }),
    },
  ];
}

function branching(): LimitCall[] {
  const variations = Array.from({ length: 1000 }, (_, i) => {
    // The last of the shared moves is the one that branches.
    const sharedMoves = i === 0 ? 0 : 2;
    const moves = [0, i, ...Array.from({ length: 198 }, (_, j) => (i * j) % 300)];
    const positions = moves.slice(sharedMoves).map((move) => ({
      winRate: 0.5,
      policyMoves: [move, (move + 1) % 300],
      policyWeights: [0.6, 0.4],
      excluded: false,
    }));
    return { moves, sharedMoves, positions, result: i % 2 };
  });
  const tree = { variations };
  return [
    {
      name: 'PickBranch',
      call: ({ connection }) =>
        connection.client(BranchingServiceDefinition).pickBranch({
          tree,
          seed: 1,
          settings: { variations: 1000, strength: 1, threshold: 0.1, temperature: 1 },
        }),
    },
    {
      name: 'LabelTree',
      call: ({ connection }) =>
        connection.client(BranchingServiceDefinition).labelTree({ tree, label: ValueLabel.POSTERIOR, strength: 1 }),
    },
  ];
}

function curriculum(): LimitCall {
  const size = 262_144;
  const part = 65_536;
  async function* requests(): AsyncGenerator<DrawRequest> {
    yield await Promise.resolve({
      body: {
        $case: 'open' as const,
        value: {
          settings: { kind: 'learnability' },
          seed: 1,
          prefix: [],
          checkpoint: '',
          anyCheckpoint: false,
          stateJson: '',
        },
      },
    } as unknown as DrawRequest);
    for (let from = 0; from < size; from += part) {
      const prompts = Array.from({ length: part }, (_, i) => ({
        id: `prompt ${from + i}`,
        length: 100 + (i % 50),
        family: `family ${i % 10}`,
        level: i % 7,
        signal: undefined,
      }));
      yield { body: { $case: 'add', value: { prompts, checkpoint: '', stateJson: '' } } };
    }
    yield { body: { $case: 'draw', value: { count: part } } };
    const indices = Array.from({ length: part }, (_, i) => i);
    const passRates = indices.map((i) => (i % 9) / 8);
    yield { body: { $case: 'update', value: { indices, passRates, signals: [], prefix: [] } } };
    yield { body: { $case: 'save', value: {} } };
  }
  return {
    name: 'CurriculumService.Draw',
    async call({ connection }) {
      await drain(connection.client(CurriculumServiceDefinition).draw(requests()));
    },
  };
}

function language(): LimitCall[] {
  const text = 'a few words, and some more of them. '.repeat(MOST_CHARACTERS / 36);
  const client = ({ connection }: World) => connection.client(GenerationServiceDefinition);
  return [
    {
      name: 'Tokenize',
      async prepare(world) {
        await world.tengen('models', 'import', world.file('words.safetensors', languageModel()), '--name', 'words');
        await client(world).tokenize({ model: 'words', text: 'a' });
      },
      call: (world) => client(world).tokenize({ model: 'words', text }),
    },
    {
      name: 'Generate',
      async call(world) {
        const prompt = { $case: 'text' as const, value: text };
        await drain(client(world).generate({ model: 'words', prompt }));
      },
    },
    {
      name: 'ModelInfer with 4 MiB of logits',
      async prepare(world) {
        const file = world.file('logits.safetensors', languageModel(512, 4092));
        await world.tengen('models', 'import', file, '--name', 'logits');
      },
      call({ connection }) {
        const inputs = [{ name: 'tokens', datatype: 'INT64', shape: [256n] }];
        const request = { modelName: 'logits', inputs, rawInputContents: [new Uint8Array(8 * 256)] };
        const message = ModelInferRequest.fromPartial(request);
        return connection.client(GRPCInferenceServiceDefinition).modelInfer(message);
      },
    },
  ];
}

function languageModel(context = 128, vocabulary = byteTokenizer.vocabularySize): Uint8Array {
  const architecture = checkTransformer({
    kind: 'transformer',
    hidden: 16,
    layers: 1,
    heads: 2,
    keyValueHeads: 1,
    headWidth: 8,
    intermediate: 16,
    vocabulary,
    context,
    ropeTheta: 10_000,
    normEpsilon: 1e-5,
    queryKeyValueBias: false,
    tiedHead: false,
  });
  return encodeModel({ architecture, weights: initialTransformer(architecture, new Rng(1)), metadata: {} });
}

function dataset(megabytes: number): LimitCall {
  let path = '';
  return {
    name: `ImportDataset of ${megabytes} MiB`,
    prepare(world) {
      const line = `${JSON.stringify({ prompt: 'What is the answer? '.repeat(10), completion: 'x'.repeat(100) })}\n`;
      path = world.file('samples.jsonl', line.repeat(Math.floor((megabytes * 2 ** 20) / line.length)));
      return Promise.resolve();
    },
    call: (world) => world.tengen('datasets', 'import', path),
  };
}

/** A safetensors header of 40,000 tensors. */
function headers(): LimitCall {
  let path = '';
  return {
    name: 'UploadModel of 40,000 tensors',
    prepare(world) {
      const entries = Array.from({ length: 40_000 }, (_, i) => [
        `layers.${i}.a_long_name_of_a_tensor.weight`,
        { dtype: 'F32', shape: [1], data_offsets: [4 * i, 4 * i + 4] },
      ]);
      const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(header.length));
      path = world.file('many.safetensors', Buffer.concat([length, header, Buffer.alloc(160_000)]));
      return Promise.resolve();
    },
    call: (world) => world.tengen('models', 'import', path, '--name', 'many'),
  };
}

function settings(): LimitCall {
  const configJson = JSON.stringify(Object.fromEntries(Array.from({ length: 300_000 }, (_, i) => [`setting${i}`, i])));
  return {
    name: 'CreateJob',
    call: ({ connection }) =>
      connection.client(JobServiceDefinition).createJob({ kind: 'sft', model: 'm', configJson }),
  };
}

/** A message as large as the server takes, of many small fields. */
function message(): LimitCall {
  const lengths = new Array<number>(4_000_000).fill(1000);
  return {
    name: 'PlanStep of 8 MB',
    call: ({ connection }) =>
      connection
        .client(SchedulingServiceDefinition)
        .planStep({ lengths, cluster, policy: SchedulingPolicy.SKRULL_REFINED, microBatch: 0 }),
  };
}
