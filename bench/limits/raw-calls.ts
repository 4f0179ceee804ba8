/** Messages as large as the server takes, made of the smallest parts that their types allow. */

import { EvaluatorServiceDefinition } from '../../src/proto/tengen/v1/evaluator.js';
import { GRPCInferenceServiceDefinition } from '../../src/proto/inference/grpc_service.js';
import { SelfPlayServiceDefinition } from '../../src/proto/tengen/v1/self_play.js';
import { drain, type LimitCall, type World } from './limit-call.js';

/** Less than the 8 MiB that a server takes if it is not told otherwise. */
const BYTES = 8 * 2 ** 20 - 4096;

/** The wire type of messages, texts and packed numbers. */
const LENGTH_DELIMITED = 2;

/** A message in bytes: what a call sends as it is. */
const raw = {
  encode: (message: Uint8Array) => ({ finish: () => message }),
  decode: (bytes: Uint8Array) => bytes,
  fromPartial: (message: Uint8Array) => message,
};

/** Calls whose messages are refused, or read elsewhere than on the main thread. */
export function rawCalls(): LimitCall[] {
  const { evaluate } = EvaluatorServiceDefinition.methods;
  const { modelInfer } = GRPCInferenceServiceDefinition.methods;
  const { work } = SelfPlayServiceDefinition.methods;
  const [evaluator, inference, selfPlay] = [
    { ...EvaluatorServiceDefinition, methods: { evaluate: { ...evaluate, requestType: raw, responseType: raw } } },
    {
      ...GRPCInferenceServiceDefinition,
      methods: { modelInfer: { ...modelInfer, requestType: raw, responseType: raw } },
    },
    { ...SelfPlayServiceDefinition, methods: { work: { ...work, requestType: raw, responseType: raw } } },
  ] as const;
  const toInfer =
    (bytes: Uint8Array) =>
    ({ connection }: World) =>
      connection.client(inference).modelInfer(bytes);
  const positions = repeated(4);
  const inputs = concatenated(text(1, 'go'), repeated(5));
  const searches = field(2, field(2, repeated(8)));
  return [
    {
      name: 'Evaluate of empty positions',
      call: ({ connection }) => drain(connection.client(evaluator).evaluate(one(positions))),
    },
    {
      name: 'Evaluate of 4,096 empty positions',
      call: ({ connection }) => drain(connection.client(evaluator).evaluate(one(positions.subarray(0, 2 * 4096)))),
    },
    { name: 'ModelInfer of empty inputs', call: toInfer(inputs) },
    { name: 'ModelInfer of int64_contents', call: toInfer(inferContents('planes', 'INT64', 3, BYTES)) },
    { name: 'ModelInfer of fp32_contents', call: toInfer(inferContents('planes', 'FP32', 6, BYTES)) },
    {
      name: 'Work of empty searches',
      call: ({ connection }) => drain(connection.client(selfPlay).work(one(searches))),
    },
  ];
}

async function* one(message: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(message);
}

/** A tensor with packed zeros in one of its kinds of contents. */
function inferContents(name: string, datatype: string, contents: number, bytes: number): Uint8Array {
  const input = concatenated(text(1, name), text(2, datatype), field(5, field(contents, new Uint8Array(bytes))));
  return concatenated(text(1, 'go'), field(5, input));
}

/** Empty messages in a repeated field, as many as fit. */
function repeated(number: number): Uint8Array {
  const bytes = new Uint8Array(BYTES);
  for (let i = 0; i < BYTES; i += 2) bytes[i] = tag(number);
  return bytes;
}

function text(number: number, value: string): Uint8Array {
  return field(number, Buffer.from(value));
}

function field(number: number, bytes: Uint8Array): Uint8Array {
  const head = [tag(number)];
  let { length } = bytes;
  for (; length > 127; length >>>= 7) head.push((length & 127) | 128);
  return concatenated(Uint8Array.from([...head, length]), bytes);
}

function tag(number: number): number {
  return (number << 3) | LENGTH_DELIMITED;
}

function concatenated(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
