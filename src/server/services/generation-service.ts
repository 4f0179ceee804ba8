/** GenerationService: prompts in, tokens and text out, piece by piece. */

import type { CallContext, ServiceImplementation } from 'nice-grpc';
import { check } from '../../core/errors.js';
import { orAborted } from '../../core/signals.js';
import type { FinishReason as Reason } from '../../generator/continuous-batch.js';
import type { Generation } from '../../generator/generator-thread.js';
import { Generator, type TextModel } from '../../generator/generator.js';
import { checkSampling } from '../../generator/sampling.js';
import {
  FinishReason,
  GenerationServiceDefinition,
  type GenerateRequest,
  type GenerateResponse,
} from '../../proto/tengen/v1/generation.js';
import type { ThreadPool } from '../../threads/pool.js';
import { MEGABYTE } from '../config.js';
import { storedModels } from '../models/served-models.js';
import type { Parts } from '../parts.js';
import { answeredInBytes } from '../transport/answers.js';
import { service, type Service } from '../transport/service.js';
import { openVocabulary, tokenizeAnswer, tokensOf } from './tokenizing.js';

const maxCompletions = 64;
const maxStops = 16;
const defaultTokens = 256;
/** Most characters of a text that is made into tokens. */
const maxCharacters = 262_144;

/** GenerationService with the answers of Tokenize in bytes, as a thread has written them. */
const generationService = answeredInBytes(GenerationServiceDefinition, 'tokenize');

/** The generator of the store's language models, for the services that compute with them. */
export function openGenerator({ config, engine, store, pools }: Parts): Generator {
  const settings = {
    engine,
    cacheBytes: config.generatorMegabytes * MEGABYTE,
    maxWaiting: config.generatorWaiting,
    prefillTokens: config.generatorPrefill,
    loadedModels: config.generatorModels,
  };
  return new Generator(storedModels(store), settings, (model, signal) =>
    openVocabulary(pools.tokenizing, model, signal),
  );
}

export function composeGeneration({ pools }: Parts, generator: Generator): Service {
  return service(generationService, makeGenerationService(generator, pools.tokenizing));
}

/** Makes the service; `pool` makes texts into tokens. */
function makeGenerationService(
  generator: Generator,
  pool: ThreadPool,
): ServiceImplementation<typeof generationService> {
  return {
    generate: (request, context) => generate(generator, pool, request, context),
    async tokenize({ model, text }, { signal }) {
      checkLength('text', text.length);
      const loaded = await orAborted(generator.model(model), signal);
      return await tokenizeAnswer(pool, loaded, text, signal);
    },
  };
}

async function* generate(
  generator: Generator,
  pool: ThreadPool,
  request: GenerateRequest,
  { signal }: CallContext,
): AsyncGenerator<GenerateResponse> {
  const model = await orAborted(generator.model(request.model), signal);
  const generation = await generationOf(request, model, (what) => tokensOf(pool, model, what, signal));
  const common = { modelVersion: model.ref, promptTokens: generation.prompt.length };
  for await (const { completion, token, text, logProbability, finishReason } of model.generate(generation, signal)) {
    yield {
      completion,
      text,
      ...common,
      tokens: token === undefined ? [] : [token],
      logProbabilities: logProbability === undefined ? [] : [logProbability],
      finishReason: reasonOf(finishReason),
    };
  }
}

type Encode = (what: Parameters<typeof tokensOf>[2]) => ReturnType<typeof tokensOf>;

/** @throws AppError 'invalid-argument' naming what is wrong */
async function generationOf(request: GenerateRequest, { stopTokens }: TextModel, encode: Encode): Promise<Generation> {
  const { completions, maxTokens, temperature = 1, topP = 1, stop, seed } = request;
  checkSampling({ temperature, topP });
  check(completions <= maxCompletions, () => `completions is ${completions}; it must be at most ${maxCompletions}`);
  check(!stop.includes(''), "stop holds ''; each must have 1 character or more");
  check(stop.length <= maxStops, () => `There are ${stop.length} stop texts; at most ${maxStops} are allowed`);
  return {
    prompt: await promptOf(request, encode),
    completions: Math.max(1, completions),
    maxTokens: maxTokens || defaultTokens,
    temperature,
    topP,
    seed,
    stopTokens,
    stops: stop,
  };
}

async function promptOf({ prompt }: GenerateRequest, encode: Encode): Promise<Generation['prompt']> {
  check(prompt !== undefined, 'There is no prompt; it must be text, tokens or a conversation');
  if (prompt.$case === 'tokens') return prompt.value.ids;
  if (prompt.$case === 'text') {
    checkLength('prompt.text', prompt.value.length);
    return await encode(prompt.value);
  }
  const { messages } = prompt.value;
  checkLength(
    'The conversation',
    messages.reduce((sum, { role, content }) => sum + role.length + content.length, messages.length),
  );
  return await encode(messages);
}

function checkLength(what: string, length: number): void {
  check(length <= maxCharacters, () => `${what} has ${length} characters; at most ${maxCharacters} are allowed`);
}

function reasonOf(reason: Reason | undefined): FinishReason {
  if (reason === undefined) return FinishReason.UNSPECIFIED;
  return reason === 'stop' ? FinishReason.STOP : FinishReason.LENGTH;
}
