/**
 * Checkpoints as Hugging Face keeps them: `config.json` and one or more safetensors files. Parameters have the same names
 * here and there, so only the configuration is translated.
 */

import { AppError, check } from '../../../core/errors.js';
import { shown } from '../../../core/quoted.js';
import type { Model, Weights } from '../../model-file.js';
import { decodeSafetensors, encodeSafetensors } from '../../safetensors.js';
import { checkTransformer, type TransformerConfiguration } from './configuration.js';
import { headParameter, transformerParameters } from './parameters.js';

/** The files of a checkpoint. */
export interface HuggingFaceFiles {
  /** Text of `config.json`. */
  readonly config: string;
  /** Every safetensors file; several if the checkpoint is sharded, in any order. */
  readonly tensors: readonly Uint8Array[];
}

const architectures = { llama: 'LlamaForCausalLM', qwen2: 'Qwen2ForCausalLM', mistral: 'MistralForCausalLM' } as const;

/**
 * Reads a checkpoint; halves become float32.
 *
 * @throws AppError 'invalid-argument' naming the field or the parameter that is missing, unknown or does not fit
 */
export function readHuggingFace({ config, tensors }: HuggingFaceFiles): Model<TransformerConfiguration> {
  const { fields, tiedHead } = parseConfig(config);
  const weights = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const file of tensors) {
    for (const [name, { shape, data, dtype }] of decodeSafetensors(file).tensors) {
      check(data instanceof Float32Array, `Parameter '${name}' has dtype ${dtype}; weights must be F32, F16 or BF16`);
      check(!weights.has(name), `Parameter '${name}' is in two of the files`);
      weights.set(name, { shape, data });
    }
  }
  const architecture = checkTransformer({ ...fields, tiedHead });
  // Some checkpoints carry what follows from the configuration.
  for (const name of weights.keys()) if (name.endsWith('rotary_emb.inv_freq')) weights.delete(name);
  if (tiedHead) weights.delete('lm_head.weight');
  checkNames(architecture, weights);
  return { architecture, weights, metadata: {} };
}

/** Writes a checkpoint that Hugging Face's libraries load: float32, in one file. */
export function writeHuggingFace({ architecture, weights }: Model<TransformerConfiguration>): HuggingFaceFiles {
  const modelType = architecture.queryKeyValueBias ? 'qwen2' : 'llama';
  const config = {
    architectures: [architectures[modelType]],
    model_type: modelType,
    hidden_size: architecture.hidden,
    num_hidden_layers: architecture.layers,
    num_attention_heads: architecture.heads,
    num_key_value_heads: architecture.keyValueHeads,
    head_dim: architecture.headWidth,
    intermediate_size: architecture.intermediate,
    vocab_size: architecture.vocabulary,
    max_position_embeddings: architecture.context,
    rope_theta: architecture.ropeTheta,
    rms_norm_eps: architecture.normEpsilon,
    tie_word_embeddings: architecture.tiedHead,
    hidden_act: 'silu',
    torch_dtype: 'float32',
  };
  return { config: `${JSON.stringify(config, null, 2)}\n`, tensors: [encodeSafetensors(weights, { format: 'pt' })] };
}

function parseConfig(text: string): { fields: Omit<TransformerConfiguration, 'tiedHead'>; tiedHead: boolean } {
  const config = parseObject(text);
  const type = config['model_type'];
  check(
    typeof type === 'string' && Object.hasOwn(architectures, type),
    () => `model_type is ${shown(type)}; it must be ${Object.keys(architectures).join(', ')}`,
  );
  refuseWhatIsMissing(config);
  const hidden = config['hidden_size'] as number;
  const heads = config['num_attention_heads'] as number;
  const fields = {
    kind: 'transformer',
    hidden,
    layers: config['num_hidden_layers'],
    heads,
    keyValueHeads: config['num_key_value_heads'] ?? heads,
    headWidth: config['head_dim'] ?? hidden / heads,
    intermediate: config['intermediate_size'],
    vocabulary: config['vocab_size'],
    context: config['max_position_embeddings'],
    ropeTheta: config['rope_theta'] ?? ropeParameters(config)['rope_theta'] ?? 10_000,
    normEpsilon: config['rms_norm_eps'] ?? 1e-6,
    queryKeyValueBias: type === 'qwen2' || config['attention_bias'] === true,
  };
  return {
    fields: fields as Omit<TransformerConfiguration, 'tiedHead'>,
    tiedHead: config['tie_word_embeddings'] === true,
  };
}

function parseObject(text: string): Partial<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new AppError('invalid-argument', 'config.json is not JSON', { cause: error });
  }
  check(isRecord(value), 'config.json must be one JSON object');
  return value;
}

/** Where newer versions of the library write the rotary positions' settings. */
function ropeParameters(config: Partial<Record<string, unknown>>): Partial<Record<string, unknown>> {
  const parameters = config['rope_parameters'];
  return isRecord(parameters) ? parameters : {};
}

function isRecord(value: unknown): value is Partial<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parts of these architectures that are not computed here would silently give other logits. */
function refuseWhatIsMissing(config: Partial<Record<string, unknown>>): void {
  const activation = config['hidden_act'] ?? 'silu';
  check(activation === 'silu', () => `hidden_act is ${shown(activation)}; it must be "silu"`);
  for (const field of ['rope_scaling', 'rope_parameters']) {
    const rope = config[field] ?? null;
    const type = isRecord(rope) ? (rope['rope_type'] ?? rope['type']) : rope;
    check(
      rope === null || type === 'default',
      () => `${field} is ${shown(rope)}; scaled rotary positions are not supported`,
    );
  }
  const window =
    config['use_sliding_window'] === true || (config['model_type'] === 'mistral' && config['sliding_window']);
  check(!window, 'A sliding window of attention is not supported');
  check(config['mlp_bias'] !== true, 'mlp_bias is true; biases of the hidden layer are not supported');
}

function checkNames(architecture: TransformerConfiguration, weights: Weights): void {
  const known = new Map(transformerParameters(architecture).map(({ name, shape }) => [name, shape]));
  for (const name of weights.keys()) check(known.has(name), `Parameter '${name}' does not belong to the configuration`);
  for (const [name, shape] of known) {
    const tensor = weights.get(name);
    const hint = name === headParameter(architecture) ? '; if the head is tied, tie_word_embeddings must be true' : '';
    check(tensor !== undefined, `Parameter '${name}' is missing${hint}`);
    check(
      tensor.shape.join() === shape.join(),
      `Parameter '${name}' has shape [${tensor.shape.join(', ')}]; it must be [${shape.join(', ')}]`,
    );
  }
}
