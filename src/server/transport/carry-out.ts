/** Calls as threads make them: bytes of a request in, bytes of an answer out. */

import type { BinaryReader } from '@bufbuild/protobuf/wire';
import { owned, transferring } from '../../threads/messages.js';
import { decodeWhole, UndecodedElsewhere, type Unreadable } from './decoding.js';

/** The part of a generated message type that is needed. */
interface MessageType<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(input: BinaryReader | Uint8Array): Message;
}

/** Bytes of an answer, or why those of the request are none. It passes between threads as it is, which errors do not. */
export type ByteAnswer = Uint8Array | Unreadable;

/** Answers the bytes of a request; throws AppError where the request is wrong. */
export type ByteCall = (request: Uint8Array) => ByteAnswer;

/** Wraps a call that knows messages. */
export function carryOut<Request, Response>(
  requestType: MessageType<Request>,
  responseType: MessageType<Response>,
  answer: (request: Request) => Response,
): ByteCall {
  return (bytes) => {
    const read = decodeRequest(requestType, bytes);
    return 'unreadable' in read ? read.unreadable : encodeAnswer(responseType, answer(read.request));
  };
}

/** The bytes of an answer, to be given away. */
export function encodeAnswer<Message>(type: MessageType<Message>, message: Message): Uint8Array {
  const encoded = owned(type.encode(message).finish());
  return transferring(encoded, [encoded.buffer]);
}

/** The request that bytes are, or why they are none. */
export function decodeRequest<Message>(
  type: MessageType<Message>,
  bytes: Uint8Array,
): { readonly request: Message } | { readonly unreadable: Unreadable } {
  try {
    return { request: decodeWhole(type, bytes, true) };
  } catch (cause) {
    return { unreadable: { bytes: bytes.length, cause } };
  }
}

/**
 * The bytes of an answer that came from a thread.
 *
 * @param which message of its call was answered, counted from 1
 * @throws UndecodedElsewhere if the message was none
 */
export function answerOf<Answer extends ByteAnswer | undefined>(
  answer: Answer,
  which: number,
): Exclude<Answer, Unreadable> {
  if (answer === undefined || answer instanceof Uint8Array) return answer as Exclude<Answer, Unreadable>;
  throw new UndecodedElsewhere(which, answer);
}
