/**
 * The calls that the page makes, carried over HTTP: `POST /tengen.v1.SERVICE/METHOD` with the request message as the
 * body, and where requests are a stream with more in further POSTs (request-streams.ts). They are carried out by the services that gRPC has, so nothing is done twice, and only those are open that look
 * and never change: a browser tab cannot start a job or replace a model.
 */

import type { BinaryReader } from '@bufbuild/protobuf/wire';
import { Metadata, type CallContext } from 'nice-grpc';
import type { Logger } from 'pino';
import { AppError, check } from '../../core/errors.js';
import type { Service } from '../transport/service.js';
import { decodeOnly } from '../transport/decoding.js';
import type { Stopping } from '../transport/stopping.js';

export const openPaths: readonly string[] = [
  '/tengen.v1.EvaluatorService/Evaluate',
  '/tengen.v1.GameService/GetGame',
  '/tengen.v1.GameService/ListGames',
  '/tengen.v1.JobService/ListJobs',
  '/tengen.v1.JobService/WatchJob',
  '/tengen.v1.ModelService/ListModels',
  '/tengen.v1.MonitorService/WatchServer',
  '/tengen.v1.SearchService/Search',
];

/** A message and its bytes, as ts-proto generates it. */
interface MessageType {
  encode(message: unknown): { finish(): Uint8Array };
  decode(input: BinaryReader | Uint8Array): unknown;
  /** Fills in what a message lacks; absent where messages are given whole, as evaluations are. */
  readonly fromPartial?: (partial: object) => unknown;
}

interface Method {
  readonly name: string;
  readonly requestType: MessageType;
  readonly requestStream: boolean;
  readonly responseType: MessageType;
  readonly responseStream: boolean;
}

/** Who makes a call: its address, its `authorization`, and a signal for its end. */
interface Caller {
  readonly peer: string;
  readonly authorization: string | undefined;
  readonly signal: AbortSignal;
}

type Implementation = Readonly<Record<string, (request: unknown, context: CallContext) => unknown>>;

/** One call that the page may make; messages are protobuf bytes. */
export interface Call {
  /** Whether it answers with a stream. */
  readonly isStream: boolean;
  /**
   * Answers with one message, or with those of the stream as they come.
   *
   * @param requests one message, or those of a stream of requests as they come
   */
  run(requests: Uint8Array | AsyncIterable<Uint8Array>, caller: Caller): AsyncIterable<Uint8Array>;
}

/** The open calls by path; they end with the server. @throws AppError 'internal' if a service that has one is missing */
export function openCalls(
  services: readonly Service[],
  parts: Omit<CallParts, 'path' | 'handle'>,
): ReadonlyMap<string, Call> {
  const calls = new Map<string, Call>();
  for (const { definition, implementation } of services) {
    // gRPC paths of ts-proto's definitions; those of grpc-js have none of the open calls.
    const { fullName, methods = {} } = definition as { fullName?: string; methods?: Readonly<Record<string, Method>> };
    for (const [key, method] of Object.entries(methods)) {
      const path = `/${String(fullName)}/${method.name}`;
      if (!openPaths.includes(path)) continue;
      const handle = (implementation as unknown as Implementation)[key]!.bind(implementation);
      calls.set(path, makeCall(method, { path, handle, ...parts }));
    }
  }
  if (calls.size !== openPaths.length) throw new AppError('internal', 'A service of the page is missing');
  return calls;
}

interface CallParts {
  readonly path: string;
  readonly handle: Implementation[string];
  readonly logger: Logger;
  readonly stopping: Stopping;
}

function makeCall(method: Method, { path, handle, logger, stopping }: CallParts): Call {
  const { requestType, requestStream, responseType } = method;
  const encode = (answer: unknown): Uint8Array =>
    responseType.encode(responseType.fromPartial ? responseType.fromPartial(answer as object) : answer).finish();
  const next = async function* (request: unknown, context: CallContext): AsyncGenerator<unknown, undefined> {
    const answer = handle(request, context);
    if (method.responseStream) yield* answer as AsyncIterable<unknown>;
    else yield await answer;
  };
  return {
    isStream: method.responseStream,
    async *run(requests, caller) {
      const decode = (bytes: Uint8Array): unknown =>
        decodeOnly(requestType, bytes, { path, peer: caller.peer, logger });
      const isStream = !(requests instanceof Uint8Array);
      check(!isStream || requestStream, () => `${path} takes one request, and no stream of them`);
      const one = isStream ? undefined : decode(requests);
      const request = isStream ? each(requests, decode) : requestStream ? once(one) : one;
      const context = contextOf(caller);
      for await (const answer of stopping.run({ path, requestStream, request, context, next })) yield encode(answer);
    },
  };
}

async function* each(requests: AsyncIterable<Uint8Array>, decode: (bytes: Uint8Array) => unknown): AsyncGenerator {
  for await (const bytes of requests) yield decode(bytes);
}

// eslint-disable-next-line @typescript-eslint/require-await -- a stream of requests is asynchronous
async function* once(request: unknown): AsyncGenerator {
  yield request;
}

function contextOf({ peer, authorization, signal }: Caller): CallContext {
  const nothing = (): void => undefined;
  const [metadata, header, trailer] = [Metadata(), Metadata(), Metadata()];
  if (authorization !== undefined) metadata.set('authorization', authorization);
  return { metadata, peer, header, trailer, signal, sendHeader: nothing };
}
