/** A request of every call that the server carries out, as a start for damage that reaches deep. Messages are JSON. */

import { join } from 'node:path';
import { tengen1 } from '../../src/go/tengen-features.js';
import { base64, datasetMessages, fileMessages, modelMessages, type Json } from './messages.js';
import { SIZE } from './valid-files.js';
import { type World } from './world.js';

/** The messages of one call in order. */
type Messages = readonly Json[];

const points = SIZE * SIZE;
const rules = { ko: 2, komi: 0.5, scoring: 1, tax: 1 };
const stones = new Uint8Array(points).fill(1, 7, 9).fill(2, 12, 14);
const position = {
  size: SIZE,
  stones: base64(stones),
  toMove: 1,
  rules,
  lastMoves: [13, 8],
  banned: [3],
  captured: [],
};
const empty = { size: SIZE, stones: base64(new Uint8Array(points)), toMove: 1, rules };
const branching = {
  variations: 4,
  points: 1,
  estimator: 1,
  strength: 10,
  threshold: 0.4,
  adaptiveThreshold: true,
  temperature: 1,
};
const searched = { policyMoves: [1, 2, 3], policyWeights: [0.5, 0.3, 0.2], winRate: 0.5 };
const variation = { moves: [1, 2, 3], sharedMoves: 0, positions: [searched, searched, searched], result: 1 };
const tree = { variations: [variation, { moves: [1, 3], sharedMoves: 2, positions: [], result: 0 }] };
const cluster = {
  dataParallel: 2,
  contextParallel: 2,
  bucketSize: 256,
  cost: { linearMs: 0.01, attentionMs: 1e-6, computeMs: 0.1 },
};
const axes = [{ units: 'stream' }, { units: 'stream', isRead: true }];

/** Of UploadModel and the like, whose files are damaged elsewhere, only the messages are here. */
export function validRequests(world: World): ReadonlyMap<string, readonly Messages[]> {
  const { go, language, selfPlayJob, doneJob } = world.stored;
  const { files } = world;
  const jobs = (jobId: string): Messages[] => [[{ jobId }]];
  return new Map<string, readonly Messages[]>([
    [
      'Evaluate',
      [[{ requestId: '7', model: go, priority: 2, positions: [position, empty], ownership: true }], evaluations(go)],
    ],
    ['PickBranch', [[{ tree, settings: branching, seed: 1 }]]],
    ['LabelTree', [[{ tree, label: 1, strength: 1 }], [{ tree, label: 4, strength: 2 }]]],
    ['PlanStep', [[{ lengths: [100, 50, 300, 20], cluster, policy: 7, microBatch: 1, victim: 1 }]]],
    ['FitCost', [[{ samples: costSamples(), contextParallel: 2, stepMs: 1 }]]],
    ['Draw', [curriculum('uniform'), curriculum('gain'), curriculum('learnability')]],
    ['Generate', generations(language)],
    ['Tokenize', [[{ model: language, text: 'abc' }]]],
    ['GrowCheckpoint', [[{ description: growth }, ...fileMessages({}, files.checkpoint)]]],
    ['UploadModel', [modelMessages('sent', files.go), modelMessages('sent-katago', files.katagoPacked)]],
    ['ImportDataset', [datasetMessages('sent', Buffer.from('{"text":"abc"}\n{"text":"abcd"}'))]],
    [
      'ImportModel',
      [
        [{ name: 'imported', path: join(world.server.importDir, 'go.safetensors') }],
        [{ name: 'imported', path: join(world.server.importDir, 'pipe') }],
      ],
    ],
    ['ListModels', [[{ name: 'go' }], [{}]]],
    ['GetModel', [[{ model: go }], [{ model: '' }]]],
    ['DownloadModel', [[{ model: go, format: 1 }], [{ model: world.stored.katago, format: 2 }]]],
    ['PromoteModel', [[{ model: go }]]],
    ['SetPrecision', [[{ name: 'go', precision: 2 }]]],
    ['CreateJob', jobRequests()],
    ['GetJob', jobs(doneJob)],
    ['CancelJob', jobs(doneJob)],
    ['ResumeJob', jobs(doneJob)],
    ['WatchJob', [[{ jobId: doneJob, afterSequence: '1' }]]],
    ['ListGames', [[{ jobId: selfPlayJob, limit: 5, before: '9' }]]],
    ['GetGame', [[{ gameId: `${selfPlayJob}-1` }]]],
    ['WatchServer', [[{ intervalMs: 100 }]]],
    [
      'Work',
      [
        [hello(), { heartbeat: { games: 2 } }, { giveBack: { leaseIds: [] } }],
        [hello(), { submit: { leaseId: 'a', game: {} } }],
      ],
    ],
    ['ModelInfer', inferences(go, language)],
    ['ModelMetadata', [[{ name: 'go' }], [{ name: 'language' }]]],
    ['ModelReady', [[{ name: 'go', version: go.split('@')[1] }]]],
    ['Check', [[{ service: 'tengen.v1.EvaluatorService' }]]],
    ['Watch', [[{ service: '' }]]],
    ['ServerReflectionInfo', reflections()],
    ['GrantName', [[{ kind: 1, name: 'go', caller: 'admin' }]]],
    ['RevokeName', [[{ kind: 2, name: 'samples', caller: 'admin' }]]],
    ['GetCaller', [[{}]]],
  ]);
}

/** A worker's first message. */
export function hello(): Json {
  return { hello: { worker: 'fuzz', games: 1, protocolVersion: 1, leaseIds: [] } };
}

function evaluations(model: string): Messages {
  const request = (requestId: string): Json => ({ requestId, model, priority: 1, positions: [position] });
  return [request('1'), request('2'), { requestId: '2', cancel: true }, request('3')];
}

function costSamples(): Json[] {
  return [1, 2, 3].flatMap((kind) =>
    [64, 128, 256].map((length) => ({ kind, lengths: [length, length], ms: length / 50 })),
  );
}

function curriculum(kind: string): Messages {
  const signal = { angle: { intra: 0.5, inter: 0.25 } };
  const prompts = [1, 2, 3, 4].map((length) => ({ id: `p${length}`, length, family: 'f', level: length, signal }));
  return [
    { open: { settings: { kind }, seed: '3', checkpoint: 'c' } },
    { add: { prompts, checkpoint: 'c' } },
    { draw: { count: 2 } },
    { update: { indices: [0, 1], passRates: [0.5, 1], signals: [signal, signal] } },
    { rank: { signals: [signal, signal, signal, signal] } },
    { save: {} },
  ];
}

function generations(model: string): Messages[] {
  const usual = { model, completions: 2, maxTokens: 6, temperature: 1, topP: 0.9, stop: ['x'], seed: 1 };
  const messages = [{ role: 'user', content: 'hello' }];
  return [
    [{ ...usual, text: 'abc' }],
    [{ ...usual, tokens: { ids: [1, 2, 3] } }],
    [{ ...usual, conversation: { messages } }],
  ];
}

const growth: Json = {
  method: 3,
  seed: '1',
  units: [{ name: 'stream', from: 4, to: 6, copies: [] }],
  sourceLayers: 2,
  targetLayers: 3,
  parameters: [
    { name: 'layers.{layer}.w', axes },
    { name: 'head', axes: [{}, axes[1]] },
  ],
};

function jobRequests(): Messages[] {
  const job = (kind: string, model: string, settings: object): Messages => [
    { kind, model, configJson: JSON.stringify(settings) },
  ];
  const grid = { bucketSize: 64, batchSize: 2, costModel: 'estimate', dataParallel: 1, contextParallel: 1 };
  const judged = {
    verifier: 'exact',
    verifierPattern: '(a+)',
    verifierCommand: 'true',
    verifierTimeoutMs: 100,
    rewardAddress: '127.0.0.1:1',
  };
  const rft = {
    dataset: 'tasks',
    base: 'language',
    promptsPerStep: 2,
    completions: 2,
    maxTokens: 4,
    evaluationPrompts: 2,
    steps: 1,
  };
  return [
    job('alphazero', 'trained', {
      size: SIZE,
      blocks: 1,
      channels: 4,
      visits: 4,
      variations: 2,
      startPositions: 1_000_000,
      minutes: 0,
    }),
    job('sft', 'trained-text', { dataset: 'samples', base: 'language', maxSteps: 1, ...grid }),
    job('rft', 'reinforced', { ...rft, ...judged, curriculum: 'gain' }),
    job('grow', 'grown', { source: 'language', layers: 2, method: 'net2net', dataset: 'samples' }),
  ];
}

function inferences(go: string, language: string): Messages[] {
  const [name, version] = go.split('@');
  const planes = {
    name: 'planes',
    datatype: 'FP32',
    shape: [1, tengen1.planes, SIZE, SIZE],
    contents: { fp32Contents: zeros(tengen1.planes * points) },
  };
  const globals = {
    name: 'globals',
    datatype: 'FP32',
    shape: [1, tengen1.globals],
    contents: { fp32Contents: zeros(tengen1.globals) },
  };
  const parameters = { a: { int64Param: '5' }, b: { stringParam: 'x' } };
  const tokens = { name: 'tokens', datatype: 'INT64', shape: ['3'], contents: { int64Contents: ['1', '2', '3'] } };
  return [
    [
      {
        modelName: name,
        modelVersion: version,
        id: 'a',
        parameters,
        inputs: [planes, globals],
        outputs: [{ name: 'policy' }],
      },
    ],
    [{ modelName: language.split('@')[0], id: 'b', inputs: [tokens] }],
    [
      {
        modelName: 'language',
        inputs: [{ name: 'tokens', datatype: 'INT64', shape: ['3'] }],
        rawInputContents: [base64(new Uint8Array(24))],
      },
    ],
  ];
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}

function reflections(): Messages[] {
  const symbol = { fileContainingExtension: { containingType: 'tengen.v1.Job', extensionNumber: 1 } };
  return [
    [{ host: 'h', listServices: '' }, { fileContainingSymbol: 'tengen.v1.Job' }],
    [{ fileByFilename: 'tengen/v1/job.proto' }, symbol, { allExtensionNumbersOfType: 'tengen.v1.Job' }],
  ];
}
