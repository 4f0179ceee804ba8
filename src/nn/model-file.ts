/**
 * A model as one file: safetensors weights, with the architecture and free metadata in the header. The bytes are a
 * function of the content, so the hash of the file names the model version.
 */

import { AppError, check } from '../core/errors.js';
import { shown } from '../core/quoted.js';
import { type GoArchitecture, checkGoArchitecture, goParameters } from './networks/go-network.js';
import { checkTransformer, type TransformerConfiguration } from './networks/transformer/configuration.js';
import { transformerParameters } from './networks/transformer/parameters.js';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from './safetensors.js';

/** The trained numbers of a model by parameter name; row-major. */
export type Weights = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

export type AnyArchitecture = GoArchitecture | TransformerConfiguration;

/** A network and its weights. */
export interface Model<A extends AnyArchitecture = GoArchitecture> {
  readonly architecture: A;
  readonly weights: Weights;
  /** Free text about the model (who trained it, how far). The keys `format` and `architecture` are taken. */
  readonly metadata: Readonly<Record<string, string>>;
}

const FORMAT = 'tengen-model-1';
const reserved = ['format', 'architecture'];

/**
 * Writes a model.
 *
 * @throws AppError 'invalid-argument' under the same conditions as `decodeModel`
 */
export function encodeModel(model: Model<AnyArchitecture>): Uint8Array<ArrayBuffer> {
  const architecture = checkAnyArchitecture(model.architecture);
  for (const key of reserved) {
    check(!Object.hasOwn(model.metadata, key), `The metadata key '${key}' is written by the model file itself`);
  }
  checkWeights(architecture, model.weights);
  return encodeSafetensors(model.weights, {
    ...model.metadata,
    format: FORMAT,
    architecture: JSON.stringify(architecture),
  });
}

/**
 * Reads a Go network; see `decodeAnyModel`.
 *
 * @throws AppError 'invalid-argument' naming what is wrong
 */
export function decodeModel(bytes: Uint8Array): Model {
  const { architecture, ...rest } = decodeAnyModel(bytes);
  check(architecture.kind !== 'transformer', 'The model is a language model; wanted is a Go network');
  return { architecture, ...rest };
}

/**
 * Reads a language model; see `decodeAnyModel`.
 *
 * @throws AppError 'invalid-argument' naming what is wrong
 */
export function decodeTransformer(bytes: Uint8Array): Model<TransformerConfiguration> {
  const { architecture, ...rest } = decodeAnyModel(bytes);
  check(architecture.kind === 'transformer', 'The model is a Go network; wanted is a language model');
  return { architecture, ...rest };
}

/**
 * Reads a model and checks that it can be served: a known architecture, exactly its parameters in their shapes, and
 * finite numbers.
 *
 * @throws AppError 'invalid-argument' naming what is wrong
 */
export function decodeAnyModel(bytes: Uint8Array): Model<AnyArchitecture> {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const { format, architecture: json, ...rest } = metadata;
  check(format === FORMAT, () => `The file's format is ${shown(format)}; a model has '${FORMAT}'`);
  const architecture = checkAnyArchitecture(parseJson(json));
  const weights = new Map([...tensors].map(([name, tensor]) => [name, floats(name, tensor)]));
  checkWeights(architecture, weights);
  return { architecture, weights, metadata: rest };
}

/** @throws AppError 'invalid-argument' naming the field, the value seen and the values allowed */
function checkAnyArchitecture(value: unknown): AnyArchitecture {
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  if (kind === 'transformer') return checkTransformer(value as object);
  return checkGoArchitecture(value);
}

function shapesOf(architecture: AnyArchitecture): ReadonlyMap<string, readonly number[]> {
  const list = architecture.kind === 'transformer' ? transformerParameters(architecture) : goParameters(architecture);
  return new Map(list.map(({ name, shape }) => [name, shape]));
}

function parseJson(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? '');
  } catch (error) {
    throw new AppError('invalid-argument', "The model's architecture is not JSON", { cause: error });
  }
}

function floats(name: string, tensor: StoredTensor): { shape: readonly number[]; data: Float32Array } {
  const { dtype, shape, data } = tensor;
  if (data instanceof Float32Array) return { shape, data };
  throw new AppError('invalid-argument', `Parameter '${name}' has dtype ${dtype}; weights must be F32, F16 or BF16`);
}

function checkWeights(architecture: AnyArchitecture, weights: Weights): void {
  const shapes = shapesOf(architecture);
  for (const name of weights.keys()) check(shapes.has(name), `Parameter '${name}' does not belong to the architecture`);
  for (const [name, shape] of shapes) {
    const tensor = weights.get(name);
    check(tensor !== undefined, `Parameter '${name}' is missing`);
    check(
      tensor.shape.length === shape.length && shape.every((size, axis) => size === tensor.shape[axis]),
      () => `Parameter '${name}' has shape [${tensor.shape.join(', ')}]; it must be [${shape.join(', ')}]`,
    );
    const bad = tensor.data.findIndex((value) => !Number.isFinite(value));
    check(bad === -1, () => `Parameter '${name}' holds ${String(tensor.data[bad])} at index ${bad}`);
  }
}
