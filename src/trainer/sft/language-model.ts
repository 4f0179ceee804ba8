/** The models of an `sft` job: a transformer with its vocabulary. */

import { check } from '../../core/errors.js';
import { Rng } from '../../core/rng.js';
import { type Weights, decodeTransformer, encodeModel } from '../../nn/model-file.js';
import { type TransformerConfiguration, checkTransformer } from '../../nn/networks/transformer/configuration.js';
import { initialTransformer, transformerParameters } from '../../nn/networks/transformer/parameters.js';
import { type ParameterLayout, layOut } from '../../ranks/training-state.js';
import { byteTokenizer } from '../../text/bytes.js';
import type { SftConfig } from './config.js';

/** Context of a new model where memory alone bounds its sequences. */
const LONGEST = 131_072;

/** A transformer as a job has it. */
export interface LanguageModel {
  readonly architecture: TransformerConfiguration;
  readonly layout: ParameterLayout;
  /** Kept from version to version; holds the vocabulary (src/text/model-tokenizer.ts). */
  readonly metadata: Readonly<Record<string, string>>;
  readonly weights: Weights;
}

/** The model to start from: `base`, a model file, or a new one of the sizes in the settings. */
export function readLanguageModel(base: Uint8Array | undefined, config: SftConfig): LanguageModel {
  if (base) {
    const { architecture, weights, metadata } = decodeTransformer(base);
    return { architecture, layout: layoutOf(architecture), metadata, weights };
  }
  const architecture = architectureOf(config);
  const weights = initialTransformer(architecture, new Rng(config.seed));
  return { architecture, layout: layoutOf(architecture), metadata: {}, weights };
}

/** The model of a checkpoint, whose tensors may be more than its weights. */
export function modelOfState(
  architecture: unknown,
  metadata: Readonly<Record<string, string>>,
  tensors: Weights,
): LanguageModel {
  check(typeof architecture === 'object' && architecture !== null, 'The architecture of a model must be an object');
  const checked = checkTransformer(architecture);
  return { architecture: checked, layout: layoutOf(checked), metadata, weights: tensors };
}

/** Writes a version of a model. */
export function encodeLanguageModel(
  { architecture, metadata }: Omit<LanguageModel, 'weights'>,
  weights: Weights,
  step: number,
): Uint8Array {
  return encodeModel({ architecture, weights, metadata: { ...metadata, step: String(step) } });
}

function layoutOf(architecture: TransformerConfiguration): ParameterLayout {
  return layOut(new Map(transformerParameters(architecture).map(({ name, shape }) => [name, shape])));
}

/** The transformer that a job starts without a base. */
function architectureOf(config: SftConfig): TransformerConfiguration {
  const { hidden, layers, heads, keyValueHeads, intermediate, tiedHead } = config;
  return checkTransformer({
    kind: 'transformer',
    hidden,
    layers,
    heads,
    keyValueHeads,
    tiedHead,
    headWidth: hidden / heads,
    intermediate: intermediate === 0 ? 16 * Math.ceil(hidden / 6) : intermediate,
    vocabulary: byteTokenizer.vocabularySize,
    context: config.bucketSize === 0 ? LONGEST : config.bucketSize * config.contextParallel,
    ropeTheta: 10_000,
    normEpsilon: 1e-6,
    queryKeyValueBias: false,
  });
}
