/**
 * Open Inference Protocol v2 over the same sessions: plain tensors of features in, plain tensors out, for clients that
 * already speak it (Triton, KServe). https://github.com/kserve/open-inference-protocol
 */

import type { CallContext, ServiceImplementation } from 'nice-grpc';
import { packageVersion } from '../../core/version.js';
import { AppError, check } from '../../core/errors.js';
import { orAborted } from '../../core/signals.js';
import { quoted } from '../../core/quoted.js';
import { partsOfRef, refOf } from '../../core/refs.js';
import type { Evaluator } from '../../evaluator/evaluator.js';
import type { ModelShape } from '../../evaluator/model-source.js';
import type { Generator } from '../../generator/generator.js';
import type { ModelMetadataResponse } from '../../proto/inference/grpc_service.js';
import type { ThreadPool } from '../../threads/pool.js';
import { callFacts, type Quotas } from '../access/quotas.js';
import type { Parts } from '../parts.js';
import { readMessage } from '../transport/asked-in-bytes.js';
import { service, type Service } from '../transport/service.js';
import { inferenceService, inferReader, writeAnswer } from './infer-message.js';
import { boardSide, inputShapes, readInputs, type InferRequest } from './inference-request.js';
import { languageInference, type LanguageInference } from './language-inference.js';

/** What the service needs beside the evaluator. */
export interface InferenceServiceOptions {
  /** The server's version, for ServerMetadata. */
  readonly serverVersion: string;
  /** Of threads that read long requests. */
  readonly messages: ThreadPool;
  /** The stored versions of a model, newest first; where absent only the version in use is named. */
  readonly versions?: (name: string) => Promise<readonly string[]>;
  /** What each client may have; all of it if absent. */
  readonly quotas?: Quotas;
  /** The same protocol for language models. */
  readonly language?: LanguageInference;
}

/** The service for networks that play Go, and for the generator's language models. */
export function composeInference({ evaluator, store, quotas, pools }: Parts, generator: Generator): Service {
  const isLanguage = async (ref: string): Promise<boolean> => {
    const architecture = JSON.parse((await store.models.get(ref))?.architectureJson ?? '{}') as { kind?: string };
    return architecture.kind === 'transformer';
  };
  const options: InferenceServiceOptions = {
    quotas,
    messages: pools.messages,
    language: languageInference(generator, isLanguage),
    serverVersion: packageVersion,
    versions: async (name) => (await store.models.list(name)).map(({ version }) => version),
  };
  return service(inferenceService, makeInferenceService(evaluator, options));
}

/** The service over an evaluator. Errors leave as statuses through the server's middleware. */
export function makeInferenceService(
  evaluator: Evaluator,
  options: InferenceServiceOptions,
): ServiceImplementation<typeof inferenceService> {
  const { language, messages: pool } = options;
  const isReady = async (ref: string): Promise<boolean> => {
    try {
      if (await language?.knows(ref)) return true;
      await evaluator.describe(ref);
      return true;
    } catch {
      return false;
    }
  };
  return {
    serverLive: () => Promise.resolve({ live: true }),
    serverReady: async () => ({ ready: await isReady('') }),
    modelReady: async ({ name, version }) => ({ ready: await isReady(askedRef(name, version)) }),
    serverMetadata: () => Promise.resolve({ name: 'tengen', version: options.serverVersion, extensions: [] }),
    async modelMetadata(request) {
      const asked = askedRef(request.name, request.version);
      if (await language?.knows(asked)) return language!.metadata(asked);
      const { ref, shape } = await evaluator.describe(asked);
      const { name, version } = partsOfRef(ref);
      const versions = request.version === '' ? await options.versions?.(name) : undefined;
      return metadata(name, versions ?? [version], shape);
    },
    async modelInfer(bytes, context) {
      const { signal } = context;
      const request = await readMessage(bytes, 1, { reader: inferReader, pool, signal });
      const asked = askedRef(request.modelName, request.modelVersion);
      if (await language?.knows(asked)) return language!.infer(asked, request, context);
      return infer(evaluator, request, context, options.quotas);
    },
  };
}

async function infer(
  evaluator: Evaluator,
  request: InferRequest,
  context: CallContext,
  quotas: Quotas | undefined,
): Promise<Uint8Array> {
  const { signal } = context;
  const { ref, shape } = await orAborted(evaluator.describe(askedRef(request.modelName, request.modelVersion)), signal);
  const inputs = readInputs(request, shape);
  const names = wantedOutputs(request, shape);
  const done = quotas?.admit(callFacts(context), inputs.count);
  // Given back when the network is done, also if the caller has left before.
  const inferring = evaluator.infer(ref, inputs).finally(() => done?.());
  const { modelVersion, outputs } = await orAborted(inferring, signal);
  const { name: modelName, version } = partsOfRef(modelVersion);
  const tensors = names.map((name) => ({ name, ...outputs[name]! }));
  return writeAnswer({ modelName, modelVersion: version, id: request.id }, tensors);
}

function wantedOutputs(request: InferRequest, { outputs }: ModelShape): readonly string[] {
  if (request.outputs.length === 0) return outputs;
  return request.outputs.map(({ name }) => {
    check(outputs.includes(name), `There is no output ${quoted(name)}; outputs are ${outputs.join(', ')}`);
    return name;
  });
}

/** −1 stands for any length. */
function outputShapes(shape: ModelShape): Readonly<Record<string, number[]>> {
  const side = boardSide(shape);
  const points = side === undefined ? undefined : side ** 2;
  return {
    policy: [-1, points === undefined ? -1 : points + 1],
    value: [-1, 3],
    score: [-1, 1],
    scoreStdev: [-1, 1],
    lead: [-1, 1],
    ownership: [-1, points ?? -1],
    errors: [-1, 3],
  };
}

function metadata(name: string, versions: readonly string[], shape: ModelShape): ModelMetadataResponse {
  const inputs = inputShapes(shape, -1, boardSide(shape) ?? -1);
  const outputs = outputShapes(shape);
  const tensor = (tensorName: string, dims: number[]): ModelMetadataResponse['inputs'][number] => {
    return { name: tensorName, datatype: 'FP32', shape: dims.map(BigInt) };
  };
  return {
    name,
    versions: [...versions],
    platform: 'tengen',
    inputs: [tensor('planes', inputs.planes), tensor('globals', inputs.globals)],
    outputs: shape.outputs.map((output) => tensor(output, outputs[output] ?? [-1])),
  };
}

function askedRef(name: string, version: string): string {
  if (name === '' && version !== '') {
    throw new AppError('invalid-argument', `Version '${version}' is given without the model's name`);
  }
  return version === '' ? name : refOf({ name, version });
}
