/**
 * Services whose calls are made whole in threads: the main thread passes the bytes of the request on and those of the answer
 * back, and looks at neither. What is in a request then decides only how long its own caller waits.
 */

import type { CallContext } from 'nice-grpc';
import { owned } from '../../threads/messages.js';
import type { ThreadModule, ThreadPool } from '../../threads/pool.js';
import { answerOf, type ByteCall } from './carry-out.js';
import { asBytes } from './decoding.js';

/** The part of a generated definition that is needed. */
interface Definition {
  readonly name: string;
  readonly fullName: string;
  readonly methods: Readonly<Record<string, object>>;
}

/** Messages that stay bytes. */
const bytes = {
  encode: (message: Uint8Array) => ({ finish: () => message }),
  decode: asBytes,
};
type Bytes = typeof bytes;

/** A definition with the messages of all methods as bytes. */
export type ByteDefinition<D extends Definition> = Omit<D, 'methods'> & {
  readonly methods: {
    readonly [M in keyof D['methods']]: Omit<D['methods'][M], 'requestType' | 'responseType'> & {
      readonly requestType: Bytes;
      readonly responseType: Bytes;
    };
  };
};

/** A definition whose services pass bytes on. */
export function byteDefinition<D extends Definition>(definition: D): ByteDefinition<D> {
  const methods = Object.entries(definition.methods).map(([name, method]) => {
    return [name, { ...method, requestType: bytes, responseType: bytes, requestDeserialize: asBytes }];
  });
  return { ...definition, methods: Object.fromEntries(methods) as ByteDefinition<D>['methods'] };
}

type Implementation<D extends Definition> = Readonly<
  Record<keyof D['methods'], (request: Uint8Array, context: CallContext) => Promise<Uint8Array>>
>;

/** A service over bytes. */
export interface ThreadedService<D extends Definition> {
  readonly definition: ByteDefinition<D>;
  readonly implementation: Implementation<D>;
}

/** Bytes before a message in the buffer that grpc-js makes for each message that does not fit its pool of small ones. */
const FRAME_HEAD = 5;

/** Bytes of a request that can be given away with their buffer: a copy only if the buffer has others too. */
export function ownRequest(request: Uint8Array): Uint8Array<ArrayBuffer> {
  const { byteOffset, length, buffer } = request;
  const isAlone = byteOffset === FRAME_HEAD && buffer.byteLength === FRAME_HEAD + length;
  return isAlone ? (request as Uint8Array<ArrayBuffer>) : owned(request);
}

/** After this the work of a call is given up. At the documented limits calls take a few seconds. */
const MAX_MS = 60_000;

/**
 * A service of plain calls, each made in a thread of `pool`.
 *
 * @param module exports a call by the name of each method
 */
export function threadedService<D extends Definition>(
  definition: D,
  module: ThreadModule<Record<keyof D['methods'] & string, ByteCall>>,
  pool: ThreadPool,
): ThreadedService<D> {
  const calls: ThreadModule<Record<string, ByteCall>> = { url: module.url };
  const names = Object.keys(definition.methods);
  const call = (name: string) => {
    return async (request: Uint8Array, { signal }: Pick<CallContext, 'signal'>): Promise<Uint8Array> => {
      const own = ownRequest(request);
      const options = { signal, timeoutMs: MAX_MS, transfer: [own.buffer] };
      return answerOf(await pool.run(calls, name, [own], options), 1);
    };
  };
  return {
    definition: byteDefinition(definition),
    implementation: Object.fromEntries(names.map((name) => [name, call(name)])) as unknown as Implementation<D>,
  };
}
