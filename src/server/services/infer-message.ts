/**
 * Requests of ModelInfer as they come: whatever field holds a tensor's values, afterwards they are its bytes. And answers as
 * they leave, with one copy of the values: a second one of some MiB takes longer than all else that is done with them.
 */

import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import {
  GRPCInferenceServiceDefinition,
  ModelInferRequest,
  ModelInferResponse,
} from '../../proto/inference/grpc_service.js';
import { transferring } from '../../threads/messages.js';
import { threadModule } from '../../threads/pool.js';
import { answeredInBytes } from '../transport/answers.js';
import { askedInBytes, type MessageReader, type Reading } from '../transport/asked-in-bytes.js';
import { decodeRequest } from '../transport/carry-out.js';
import { checkInferRequest, type InferRequest, valuesInBytes } from './inference-request.js';

/** The service, with the requests and answers of ModelInfer as bytes. */
export const inferenceService = answeredInBytes(
  askedInBytes(GRPCInferenceServiceDefinition, 'modelInfer'),
  'modelInfer',
);

/** One output of a model. */
export interface InferOutput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The bytes of an answer; its outputs are FP32. @param of the id and the model that the answer names */
export function writeAnswer(
  of: Pick<ModelInferResponse, 'modelName' | 'modelVersion' | 'id'>,
  outputs: readonly InferOutput[],
): Uint8Array {
  const described = outputs.map(({ name, shape }) => {
    return { name, datatype: 'FP32', shape: shape.map(BigInt), parameters: {}, contents: undefined };
  });
  const message = { ...of, parameters: {}, outputs: described, rawOutputContents: [] };
  const pieces: Uint8Array[] = [ModelInferResponse.encode(message).finish()];
  for (const { data } of outputs) {
    pieces.push(new BinaryWriter().tag(RAW_OUTPUT_CONTENTS, WireType.LengthDelimited).uint32(data.byteLength).finish());
    pieces.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return Buffer.concat(pieces);
}

/** Number of the field `raw_output_contents`. */
const RAW_OUTPUT_CONTENTS = 6;

/** @throws AppError 'invalid-argument' for what no model takes */
export function readMessage(bytes: Uint8Array): Reading<InferRequest> {
  const decoded = decodeRequest(ModelInferRequest, bytes);
  if ('unreadable' in decoded) return decoded;
  checkInferRequest(decoded.request);
  const read = valuesInBytes(decoded.request);
  const buffers = new Set(read.rawInputContents.flatMap((values) => (values ? [values.buffer as ArrayBuffer] : [])));
  return transferring({ read }, [...buffers]);
}

export const inferReader: MessageReader<InferRequest> = {
  read: readMessage,
  module: threadModule<{ readMessage: typeof readMessage }>(import.meta.url, './infer-message.js'),
};
