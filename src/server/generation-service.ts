/** GenerationService: prompts in, tokens and text out, piece by piece. */

import type { CallContext } from 'nice-grpc';
import { check } from '../core/errors.js';
import { orAborted } from '../core/signals.js';
import type { FinishReason as Reason } from '../generator/continuous-batch.js';
import type { Generation, Generator } from '../generator/generator.js';
import { checkSampling } from '../generator/sampling.js';
import { TextStream } from '../generator/text-stream.js';
import {
  FinishReason,
  type GenerateRequest,
  type GenerateResponse,
  type GenerationServiceImplementation,
} from '../proto/tengen/v1/generation.js';
import { chatPrompt } from '../text/samples.js';
import { markers, type Tokenizer } from '../text/tokenizer.js';

const maxCompletions = 64;
const maxStops = 16;
const defaultTokens = 256;
/** Most characters of a text that is made into tokens: nobody else is served meanwhile. */
const maxCharacters = 262_144;

/** Makes the service. */
export function makeGenerationService(generator: Generator): GenerationServiceImplementation {
  return {
    generate: (request, context) => generate(generator, request, context),
    async tokenize({ model, text }, { signal }) {
      checkLength('text', text.length);
      const { tokenizer, context } = await orAborted(generator.model(model), signal);
      const { vocabularySize, endOfText } = tokenizer;
      return { ids: tokenizer.encode(text), vocabularySize, endOfText, context };
    },
  };
}

async function* generate(
  generator: Generator,
  request: GenerateRequest,
  { signal }: CallContext,
): AsyncGenerator<GenerateResponse> {
  const model = await orAborted(generator.model(request.model), signal);
  const generation = generationOf(request, model.tokenizer);
  const streams = Array.from({ length: generation.completions }, () => new TextStream(model.tokenizer, request.stop));
  const common = { modelVersion: model.ref, promptTokens: generation.prompt.length };
  for await (const generated of model.generate(generation, signal)) {
    const { completion, token, logProbability, finishReason } = generated;
    const stream = streams[completion]!;
    let text = token === undefined ? '' : stream.push(token);
    if (stream.isStopped && !finishReason) model.stop(generated);
    if (finishReason) text += stream.end();
    yield {
      ...{ completion, text, ...common },
      tokens: token === undefined ? [] : [token],
      logProbabilities: logProbability === undefined ? [] : [logProbability],
      finishReason: reasonOf(stream.isStopped ? 'stop' : finishReason),
    };
  }
}

/** @throws AppError 'invalid-argument' naming what is wrong */
function generationOf(request: GenerateRequest, tokenizer: Tokenizer): Generation {
  const { completions, maxTokens, temperature = 1, topP = 1, stop, seed } = request;
  checkSampling({ temperature, topP });
  check(completions <= maxCompletions, () => `completions is ${completions}; it must be at most ${maxCompletions}`);
  check(stop.length <= maxStops, () => `There are ${stop.length} stop texts; at most ${maxStops} are allowed`);
  return {
    prompt: promptOf(request, tokenizer),
    ...{ completions: Math.max(1, completions), maxTokens: maxTokens || defaultTokens },
    ...{ temperature, topP, seed, stopTokens: stopTokensOf(tokenizer) },
  };
}

function promptOf({ prompt }: GenerateRequest, tokenizer: Tokenizer): readonly number[] {
  check(prompt !== undefined, 'There is no prompt; it must be text, tokens or a conversation');
  if (prompt.$case === 'tokens') return prompt.value.ids;
  if (prompt.$case === 'text') {
    checkLength('prompt.text', prompt.value.length);
    return tokenizer.encode(prompt.value);
  }
  const { messages } = prompt.value;
  checkLength(
    'The conversation',
    messages.reduce((sum, { role, content }) => sum + role.length + content.length, messages.length),
  );
  return chatPrompt(prompt.value.messages, tokenizer);
}

function checkLength(what: string, length: number): void {
  check(length <= maxCharacters, () => `${what} has ${length} characters; at most ${maxCharacters} are allowed`);
}

/** The end of a text, and that of a message, where the vocabulary has one. */
function stopTokensOf(tokenizer: Tokenizer): number[] {
  const end = tokenizer.encodeMarker(markers.messageEnd);
  return [tokenizer.endOfText, ...(end.length === 1 ? end : [])];
}

function reasonOf(reason: Reason | undefined): FinishReason {
  if (reason === undefined) return FinishReason.UNSPECIFIED;
  return reason === 'stop' ? FinishReason.STOP : FinishReason.LENGTH;
}
