/** The models of an `sft` job: a transformer with its vocabulary, in one file as every model is. */

import { AppError, check } from '../../core/errors.js';
import { Rng } from '../../core/rng.js';
import type { Weights } from '../../nn/model-file.js';
import { type TransformerConfiguration, checkTransformer } from '../../nn/networks/transformer/configuration.js';
import { initialTransformer, transformerParameters } from '../../nn/networks/transformer/parameters.js';
import { decodeSafetensors, encodeSafetensors } from '../../nn/safetensors.js';
import { type ParameterLayout, layOut } from '../../ranks/training-state.js';
import { byteTokenizer } from '../../text/bytes.js';
import { huggingFaceTokenizer } from '../../text/hugging-face.js';
import type { Tokenizer } from '../../text/tokenizer.js';
import type { SftConfig } from './config.js';

/** A transformer as a job has it. */
export interface LanguageModel {
  readonly architecture: TransformerConfiguration;
  readonly layout: ParameterLayout;
  /**
   * Kept from version to version. `tokenizer` and `tokenizerConfig` are the vocabulary's files as JSON; without them
   * it is that of bytes.
   */
  readonly metadata: Readonly<Record<string, string>>;
  readonly weights: Weights;
}

const FORMAT = 'tengen-model-1';

/** The model to start from: `base`, a model file, or a new one of the sizes in the settings. */
export function readLanguageModel(base: Uint8Array | undefined, config: SftConfig): LanguageModel {
  if (base) return decodeLanguageModel(base);
  const architecture = architectureOf(config);
  return modelOf(architecture, {}, initialTransformer(architecture, new Rng(config.seed)));
}

/** A model from its parts. @throws AppError 'invalid-argument' if they do not go together */
export function modelOf(
  architecture: unknown,
  metadata: Readonly<Record<string, string>>,
  weights: Weights,
): LanguageModel {
  check(isRecord(architecture), 'The architecture of a model must be an object');
  const { kind } = architecture;
  check(kind === 'transformer', () => `The model is of kind ${JSON.stringify(kind)}; text needs a 'transformer'`);
  const checked = checkTransformer(architecture);
  const shapes = new Map(transformerParameters(checked).map(({ name, shape }) => [name, shape]));
  for (const [name, shape] of shapes) {
    const found = weights.get(name);
    check(found !== undefined, `Parameter '${name}' is missing`);
    check(
      found.shape.join() === shape.join(),
      () => `Parameter '${name}' has shape [${found.shape.join(', ')}]; it must be [${shape.join(', ')}]`,
    );
  }
  return { architecture: checked, layout: layOut(shapes), metadata, weights };
}

/** Reads a model file. @throws AppError 'invalid-argument' naming what is wrong */
export function decodeLanguageModel(bytes: Uint8Array): LanguageModel {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const { format, architecture, ...rest } = metadata;
  check(format === FORMAT, () => `The file's format is ${JSON.stringify(format ?? '')}; a model has '${FORMAT}'`);
  const weights = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const [name, { shape, data, dtype }] of tensors) {
    check(data instanceof Float32Array, `Parameter '${name}' has dtype ${dtype}; weights must be F32, F16 or BF16`);
    weights.set(name, { shape, data });
  }
  return modelOf(parse(architecture ?? '', 'architecture'), rest, weights);
}

/** Writes a version of a model. */
export function encodeLanguageModel(
  { architecture, metadata }: Omit<LanguageModel, 'weights'>,
  weights: Weights,
  step: number,
): Uint8Array {
  return encodeSafetensors(weights, {
    ...metadata,
    step: String(step),
    format: FORMAT,
    architecture: JSON.stringify(architecture),
  });
}

/** The model's vocabulary. */
export function tokenizerOf({ metadata, architecture }: Pick<LanguageModel, 'metadata' | 'architecture'>): Tokenizer {
  const { tokenizer: file, tokenizerConfig } = metadata;
  const tokenizer =
    file === undefined
      ? byteTokenizer
      : huggingFaceTokenizer({
          tokenizer: parse(file, 'tokenizer'),
          ...(tokenizerConfig !== undefined && { config: parse(tokenizerConfig, 'tokenizerConfig') }),
        });
  check(
    tokenizer.vocabularySize <= architecture.vocabulary,
    () => `The vocabulary has ${tokenizer.vocabularySize} tokens; the model knows ${architecture.vocabulary}`,
  );
  return tokenizer;
}

/** The transformer that a job starts without a base. */
function architectureOf(config: SftConfig): TransformerConfiguration {
  const { hidden, layers, heads, keyValueHeads, intermediate, tiedHead } = config;
  return {
    ...{ kind: 'transformer', hidden, layers, heads, keyValueHeads, tiedHead },
    headWidth: hidden / heads,
    intermediate: intermediate === 0 ? 16 * Math.ceil(hidden / 6) : intermediate,
    vocabulary: byteTokenizer.vocabularySize,
    context: config.bucketSize * config.contextParallel,
    ropeTheta: 10_000,
    normEpsilon: 1e-6,
    queryKeyValueBias: false,
  };
}

function parse(json: string, what: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new AppError('invalid-argument', `The model's ${what} is not JSON`, { cause: error });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
