/** Calls as threads make them: bytes of a request in, bytes of an answer out. */

import type { BinaryReader } from '@bufbuild/protobuf/wire';
import { AppError } from '../core/errors.js';
import { transferring } from '../threads/messages.js';
import { decodeWhole, whyUndecoded } from './decoding.js';

/** The part of a generated message type that is needed. */
interface MessageType<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(input: BinaryReader | Uint8Array): Message;
}

/** Answers the bytes of a request; throws AppError where the request is wrong. */
export type ByteCall = (request: Uint8Array) => Uint8Array;

/** Wraps a call that knows messages. */
export function carryOut<Request, Response>(
  requestType: MessageType<Request>,
  responseType: MessageType<Response>,
  answer: (request: Request) => Response,
): ByteCall {
  return (bytes) => encodeAnswer(responseType, answer(decodeRequest(requestType, bytes)));
}

/** The bytes of an answer, to be given away. */
export function encodeAnswer<Message>(type: MessageType<Message>, message: Message): Uint8Array {
  // A copy of exactly these bytes.
  const encoded = Uint8Array.from(type.encode(message).finish());
  return transferring(encoded, [encoded.buffer]);
}

/** @throws AppError 'invalid-argument' if the bytes are no such message */
export function decodeRequest<Message>(type: MessageType<Message>, bytes: Uint8Array): Message {
  try {
    return decodeWhole(type, bytes);
  } catch (error) {
    const says = `The request has ${bytes.length} bytes that are no request: ${whyUndecoded(error)}`;
    throw new AppError('invalid-argument', says, { cause: error });
  }
}
