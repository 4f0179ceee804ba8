/** Language models through the Open Inference Protocol: INT64 `tokens` [T] in, FP32 `logits` [T, V] out. */

import type { CallContext } from 'nice-grpc';
import { partsOfRef } from '../../core/refs.js';
import { check } from '../../core/errors.js';
import { quoted } from '../../core/quoted.js';
import { orAborted } from '../../core/signals.js';
import type { Generator } from '../../generator/generator.js';
import type { ModelMetadataResponse } from '../../proto/inference/grpc_service.js';
import { writeAnswer } from './infer-message.js';
import type { InferRequest } from './inference-request.js';

/** What the inference service asks where a model is one of language. */
export interface LanguageInference {
  /** Whether the name, or name@version, is a language model's. */
  knows(ref: string): Promise<boolean>;
  metadata(ref: string): Promise<ModelMetadataResponse>;
  infer(ref: string, request: InferRequest, context: CallContext): Promise<Uint8Array>;
}

export function languageInference(generator: Generator, knows: (ref: string) => Promise<boolean>): LanguageInference {
  return {
    knows,
    async metadata(asked) {
      const { ref, vocabulary } = await generator.model(asked);
      const { name, version } = partsOfRef(ref);
      return {
        name,
        versions: [version],
        platform: 'tengen',
        inputs: [{ name: 'tokens', datatype: 'INT64', shape: [-1n] }],
        outputs: [{ name: 'logits', datatype: 'FP32', shape: [-1n, BigInt(vocabulary)] }],
      };
    },
    async infer(asked, request, { signal }) {
      const model = await orAborted(generator.model(asked), signal);
      const tokens = tokensOf(request, model.context, model.vocabulary);
      const logits = await model.logits(tokens, signal);
      const { name: modelName, version: modelVersion } = partsOfRef(model.ref);
      const shape = [tokens.length, model.vocabulary];
      return writeAnswer({ modelName, modelVersion, id: request.id }, [{ name: 'logits', shape, data: logits }]);
    },
  };
}

/** Most bytes of an answer: the main thread sends them, and gRPC's clients take no more unless they are told to. */
const MOST_BYTES = 4 * 1024 * 1024 - 4096;

/** @throws AppError 'invalid-argument' naming what is wrong */
function tokensOf({ inputs, outputs, rawInputContents }: InferRequest, context: number, vocabulary: number): number[] {
  const input = inputs[0];
  for (const { name } of outputs) {
    check(name === 'logits', () => `There is no output ${quoted(name)}; a language model gives logits alone`);
  }
  check(inputs.length === 1 && input?.name === 'tokens', () => {
    return `The inputs are ${inputs.map(({ name }) => name).join(', ') || 'none'}; a language model takes tokens alone`;
  });
  check(input.datatype === 'INT64', () => `Input 'tokens' has datatype '${input.datatype}'; it must be INT64`);
  const raw = rawInputContents[0] ?? new Uint8Array();
  check(raw.length % 8 === 0, () => `Input 'tokens' has ${raw.length} bytes; each token has 8`);
  const count = raw.length / 8;
  check(
    input.shape.length === 1 && input.shape[0] === BigInt(count) && count >= 1 && count <= context,
    () => `Input 'tokens' has shape [${input.shape.join(', ')}] and ${count} values; it takes 1 to ${context}`,
  );
  const bytes = 4 * count * vocabulary;
  check(bytes <= MOST_BYTES, () => {
    const most = Math.floor(MOST_BYTES / 4 / vocabulary);
    return `The logits after ${count} tokens have ${bytes} bytes; at most ${MOST_BYTES} are sent, of ${most} tokens of this model`;
  });
  const tokens = [...new BigInt64Array(Uint8Array.from(raw).buffer)];
  const unknown = tokens.find((token) => !(token >= 0 && token < vocabulary));
  check(unknown === undefined, () => `Input 'tokens' has ${unknown}; the model knows 0 to ${vocabulary - 1}`);
  return tokens.map(Number);
}
