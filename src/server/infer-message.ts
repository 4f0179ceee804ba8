/** Requests of ModelInfer as they come: whatever field holds a tensor's values, afterwards they are its bytes. */

import { GRPCInferenceServiceDefinition, ModelInferRequest } from '../proto/inference/grpc_service.js';
import { transferring } from '../threads/messages.js';
import { threadModule } from '../threads/pool.js';
import { askedInBytes, type MessageReader, type Reading } from './asked-in-bytes.js';
import { decodeRequest } from './carry-out.js';
import { checkInferRequest, type InferRequest, valuesInBytes } from './inference-request.js';

/** The service, with the requests of ModelInfer as bytes. */
export const inferenceService = askedInBytes(GRPCInferenceServiceDefinition, 'modelInfer');

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
