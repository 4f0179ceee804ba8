/** ModelInfer's requests → features of positions. What is refused here names the tensor, what was seen and what is allowed. */

import { check } from '../../core/errors.js';
import type { ModelShape } from '../../evaluator/model-source.js';
import type { PlainTensors } from '../../evaluator/plain-tensors.js';
import type {
  InferParameter,
  InferTensorContents,
  ModelInferRequest,
  ModelInferRequest_InferInputTensor as InputTensor,
} from '../../proto/inference/grpc_service.js';

/** Most positions in one request. */
const maxCount = 1024;

/** Refuses, for any model, what would have no effect or two. @throws AppError 'invalid-argument' */
export function checkInferRequest({ parameters, inputs, outputs, rawInputContents: raw }: ModelInferRequest): void {
  refuseParameters('The request', parameters);
  for (const input of inputs) refuseParameters(`Input '${input.name}'`, input.parameters);
  for (const output of outputs) refuseParameters(`Output '${output.name}'`, output.parameters);
  refuseTwice('Input', inputs);
  refuseTwice('Output', outputs);
  check(
    raw.length === 0 || raw.length === inputs.length,
    () => `raw_input_contents holds ${raw.length} tensors; inputs names ${inputs.length}`,
  );
  for (const { name, datatype, contents } of inputs) if (contents) checkContents(name, datatype, contents, raw.length);
}

function refuseParameters(of: string, parameters: Readonly<Record<string, InferParameter>>): void {
  for (const [name, { parameterChoice }] of Object.entries(parameters)) {
    check(
      false,
      `${of} has the parameter '${name}' (${String(parameterChoice?.value ?? 'no value')}); this server knows none`,
    );
  }
}

function refuseTwice(kind: string, tensors: readonly { readonly name: string }[]): void {
  const names = new Set<string>();
  for (const { name } of tensors) {
    check(!names.has(name), `${kind} '${name}' is given twice; each name may be given once`);
    names.add(name);
  }
}

/** Where the values of each data type that is taken belong. */
const fields: Readonly<Record<string, keyof InferTensorContents>> = { FP32: 'fp32Contents', INT64: 'int64Contents' };

function checkContents(name: string, datatype: string, contents: InferTensorContents, raw: number): void {
  for (const [field, values] of Object.entries(contents) as [string, ArrayLike<unknown>][]) {
    if (values.length === 0) continue;
    const seen = field.replace('Contents', '_contents');
    check(raw === 0, `Input '${name}' has ${seen} beside raw_input_contents; values come in one of the two`);
    check(field === (fields[datatype] ?? field), `Input '${name}' is ${datatype} and has its values in ${seen}`);
  }
}

/** A request whose tensors have their values in `rawInputContents`, one for each input that has values. */
export type InferRequest = Omit<ModelInferRequest, 'rawInputContents'> & {
  readonly rawInputContents: readonly (Uint8Array | undefined)[];
};

/** Moves values from the field of their type to bytes, little-endian as in `raw_input_contents`. */
export function valuesInBytes(request: ModelInferRequest): InferRequest {
  const { inputs, rawInputContents: raw } = request;
  if (raw.length > 0) return request;
  return {
    ...request,
    inputs: inputs.map((input) => ({ ...input, contents: undefined })),
    rawInputContents: inputs.map(({ datatype, contents }) => contents && bytesOf(datatype, contents)),
  };
}

function bytesOf(datatype: string, { fp32Contents, int64Contents }: InferTensorContents): Uint8Array | undefined {
  if (datatype === 'FP32') return new Uint8Array(Float32Array.from(fp32Contents).buffer);
  return datatype === 'INT64' ? new Uint8Array(BigInt64Array.from(int64Contents).buffer) : undefined;
}

/** Points on a side of the one board that a model plays; undefined if it plays several. */
export function boardSide({ boards: [smallest, largest] }: ModelShape): number | undefined {
  return smallest === largest ? largest : undefined;
}

/** Shapes of the inputs for a batch of boards; batch and side may be words, for sentences, or −1 for any. */
export function inputShapes<T>({ planes, globals }: ModelShape, batch: T, side: T | number): InputShapes<T | number> {
  return { planes: [batch, planes, side, side], globals: [batch, globals] };
}

interface InputShapes<T> {
  readonly planes: T[];
  readonly globals: T[];
}

/** @throws AppError 'invalid-argument' */
export function readInputs({ inputs, rawInputContents }: InferRequest, model: ModelShape): PlainTensors {
  const words = inputShapes<string>(model, 'batch', boardSide(model) ?? 'side');
  for (const { name, shape } of inputs) {
    check(Object.hasOwn(words, name), `There is no input '${name}'; inputs are planes, globals`);
    const wanted = words[name as keyof typeof words];
    check(
      shape.length === wanted.length,
      () => `Input '${name}' has shape [${shape.join(', ')}]; it must be [${wanted.join(', ')}]`,
    );
  }
  const find = (name: 'planes' | 'globals'): number => {
    const index = inputs.findIndex((input) => input.name === name);
    check(index >= 0, `Input '${name}' is missing`);
    return index;
  };
  const at = { planes: find('planes'), globals: find('globals') };
  const [batch, , side] = inputs[at.planes]!.shape as [bigint, bigint, bigint];
  check(batch >= 1 && batch <= maxCount, () => `The batch is ${batch} positions; it must be 1 to ${maxCount}`);
  const [smallest, largest] = model.boards;
  const size = boardSide(model) ?? side;
  check(
    size >= smallest && size <= largest,
    () => `The boards have ${size} points on a side; the model plays ${smallest} to ${largest}`,
  );
  const [count, points] = [Number(batch), Number(size)];
  const shapes = inputShapes<number>(model, count, points);
  const read = (name: 'planes' | 'globals'): Uint8Array =>
    readTensor(inputs[at[name]]!, rawInputContents[at[name]], shapes[name]);
  return { planes: read('planes'), globals: read('globals'), count, size: points };
}

function readTensor(input: InputTensor, raw: Uint8Array = new Uint8Array(), shape: readonly number[]): Uint8Array {
  const { name } = input;
  check(input.datatype === 'FP32', `Input '${name}' has datatype '${input.datatype}'; it must be FP32`);
  check(
    shape.every((size, axis) => input.shape[axis] === BigInt(size)),
    () => `Input '${name}' has shape [${input.shape.join(', ')}]; it must be [${shape.join(', ')}]`,
  );
  const length = shape.reduce((a, b) => a * b, 1);
  check(raw.length === 4 * length, () => `Input '${name}' has ${raw.length} bytes; its shape needs ${4 * length}`);
  return raw;
}
