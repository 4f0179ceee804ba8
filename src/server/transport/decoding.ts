/**
 * Messages that cannot be read. gRPC libraries end such a call themselves, with whatever the decoder threw; here the bytes
 * stand in for the message until the call's own chain of middleware takes them, which refuses them with a sentence and a
 * line in the log. So each service is added through `decodable`, and the server uses `refuseUndecoded`.
 */

import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { CallContext, CompatServiceDefinition, ServerMiddleware, ServerMiddlewareCall } from 'nice-grpc';
import type { Logger } from 'pino';
import { AppError } from '../../core/errors.js';
import { BoundedReader, checkList, type ListBound } from './bounded-reader.js';

/** What is needed of a kind of message to read it, as ts-proto generates it. */
export interface MessageType<Message = unknown> {
  decode(input: BinaryReader | Uint8Array): Message;
  /** Reads messages as they mostly are, at little cost; undefined for others. `decodeRest` reads what is left for `decode`. */
  decodeUsual?(bytes: Uint8Array, decodeRest: (bytes: Uint8Array) => Message): unknown;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes of a message that cost little to read, whatever is in them. */
export const SHORT = 64 * 1024;

/**
 * Reads a message as the specification wants it: nothing behind its end, and texts in UTF-8.
 *
 * @param anyCost whether reading may take as long as the bytes want, as it may in a thread
 * @throws Error
 */
export function decodeWhole<Message>(type: MessageType<Message>, bytes: Uint8Array, anyCost = false): Message {
  const Reader = anyCost || bytes.length <= SHORT ? BinaryReader : BoundedReader;
  const reader = new Reader(bytes, decodeText);
  const message = type.decode(reader);
  if (reader.pos !== bytes.length) throw new Error(`it ends after ${reader.pos} bytes`);
  return message;
}

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Error('a text is not UTF-8');
  }
}

/** Why bytes are no message, in words for whoever sent them. */
export function whyUndecoded(thrown: unknown): string {
  // A reader that runs past the end says where it stood in its own memory, which tells a sender nothing.
  if (thrown instanceof RangeError) return 'they end within a field';
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** What is known of bytes that are no message. */
export interface Unreadable {
  readonly bytes: number;
  readonly cause: unknown;
}

/** What is in the place of a message that cannot be read. */
class Undecoded implements Unreadable {
  readonly bytes: number;
  readonly cause: unknown;

  constructor(bytes: number, cause: unknown) {
    this.bytes = bytes;
    this.cause = cause;
  }
}

/** Thrown by a call that reads its messages elsewhere, in a thread for instance; `refuseUndecoded` says it to the peer. */
export class UndecodedElsewhere extends Error {
  readonly which: number;
  readonly unreadable: Unreadable;

  /** @param which message of the call, counted from 1 */
  constructor(which: number, unreadable: Unreadable) {
    super('A message was not decoded', { cause: unreadable.cause });
    this.which = which;
    this.unreadable = unreadable;
  }
}

/** Where a message came from. */
interface Origin {
  /** Of the call, `/tengen.v1.JobService/GetJob`. */
  readonly path: string;
  readonly peer: string;
  /** Which message of the call, counted from 1. */
  readonly message: number;
}

/** Logs that bytes are no message; returns what the peer is told. */
function refusal(logger: Logger, { path, peer, message }: Origin, { bytes, cause }: Unreadable): AppError {
  const why = whyUndecoded(cause);
  const says = `Message ${message} of the call ${path} has ${bytes} bytes that are no request of it: ${why}`;
  const error = new AppError('invalid-argument', says, { cause });
  logger.warn({ err: error, method: path, message, peer }, 'message-not-decoded');
  return error;
}

/** Reads the one message of a call that came another way than by gRPC. @throws AppError 'invalid-argument' */
export function decodeOnly(
  type: MessageType,
  bytes: Uint8Array,
  { path, peer, logger }: { readonly path: string; readonly peer: string; readonly logger: Logger },
): unknown {
  const read = orUndecoded(bytes, () => decodeWhole(type, bytes));
  if (read instanceof Undecoded) throw refusal(logger, { path, peer, message: 1 }, read);
  return read;
}

/**
 * The same service, whose requests are read whole or stood in for.
 *
 * @param read how a message is read; another than ours for messages of other libraries
 */
export function decodable<Definition extends CompatServiceDefinition>(
  definition: Definition,
  read: (type: MessageType, bytes: Uint8Array) => unknown = (type, bytes) => decodeWhole(type, bytes),
): Definition {
  const { methods } = definition as { methods?: Readonly<Record<string, Method>> };
  const all = methods ?? (definition as Readonly<Record<string, Method>>);
  const each = Object.entries(all).map(([key, method]) => [key, decodableMethod(method, read)]);
  const made = Object.fromEntries(each) as object;
  return (methods ? { ...definition, methods: made } : made) as Definition;
}

interface Method {
  readonly name?: string;
  /** Of ts-proto's definitions. */
  readonly requestType?: MessageType;
  /** Of grpc-js's definitions. */
  readonly requestDeserialize?: (bytes: Uint8Array) => unknown;
}

/** Leaves a message as it is, to be read elsewhere; `decodable` knows a method by it. */
export function asBytes(message: Uint8Array): Uint8Array {
  return message;
}

/** Bytes of a message of most calls. More is refused unread, since to read texts that no call takes keeps others waiting. */
const MOST_BYTES = 1024 * 1024;
/** Calls that have use for as much as the server takes, `maxMessageBytes`: positions, chunks of files. */
const large = ['Evaluate', 'UploadModel', 'ImportDataset', 'GrowCheckpoint'];
/** Lists whose entries cost much to read even where they are empty. More than a request may have, so that it can be told. */
const lists: Readonly<Record<string, ListBound>> = { Evaluate: { field: 4, entries: 4096 } };

function decodableMethod(method: Method, read: (type: MessageType, bytes: Uint8Array) => unknown): Method {
  const { requestType, requestDeserialize } = method;
  if (requestDeserialize === asBytes) return method;
  const most = large.includes(method.name ?? '') ? Infinity : MOST_BYTES;
  const list = lists[method.name ?? ''];
  const reading = (decode: (bytes: Uint8Array) => unknown) => (bytes: Uint8Array) =>
    orUndecoded(bytes, () => {
      if (bytes.length > most) throw new Error(`the call takes ${most} bytes at most`);
      const usual = requestType?.decodeUsual?.(bytes, decode);
      if (usual !== undefined) return usual;
      if (list) checkList(bytes, list);
      return decode(bytes);
    });
  // Those of grpc-js have both, and only this one is used.
  if (requestDeserialize) return { ...method, requestDeserialize: reading(requestDeserialize) };
  return { ...method, requestType: { ...requestType, decode: reading((bytes) => read(requestType!, bytes)) } };
}

function orUndecoded(bytes: Uint8Array, read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return new Undecoded(bytes.length, error);
  }
}

/** Ends a call at its first message that could not be read; all others go on. */
export function refuseUndecoded(logger: Logger): ServerMiddleware {
  return async function* refuse<Request, Response>(
    call: ServerMiddlewareCall<Request, Response>,
    context: CallContext,
  ) {
    const { path } = call.method;
    const whole = (request: Request, message: number): Request => {
      if (!(request instanceof Undecoded)) return request;
      throw refusal(logger, { path, peer: context.peer, message }, request);
    };
    const request = call.requestStream ? eachOf(call.request, whole) : whole(call.request, 1);
    try {
      return yield* call.next(request, context);
    } catch (error) {
      if (!(error instanceof UndecodedElsewhere)) throw error;
      throw refusal(logger, { path, peer: context.peer, message: error.which }, error.unreadable);
    }
  };
}

function eachOf<Request>(
  requests: AsyncIterable<Request>,
  whole: (request: Request, message: number) => Request,
): AsyncIterable<Request> {
  const iterator = requests[Symbol.asyncIterator]();
  let message = 0;
  const read = (result: IteratorResult<Request>): IteratorResult<Request> => {
    if (result.done !== true) whole(result.value, ++message);
    return result;
  };
  return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next().then(read) }) };
}
