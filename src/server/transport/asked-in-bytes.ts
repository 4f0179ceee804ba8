/** Calls whose requests come as bytes, which the service reads where it suits: at once if they are short, else in a thread. */

import type { ThreadModule, ThreadPool } from '../../threads/pool.js';
import { asBytes, SHORT, UndecodedElsewhere, type Unreadable } from './decoding.js';
import { ownRequest } from './threaded-service.js';

/** The part of a generated definition that is needed. */
interface Definition {
  readonly methods: Readonly<Record<string, object>>;
}

/** Messages that stay bytes. */
interface Bytes {
  encode(message: Uint8Array): { finish(): Uint8Array };
  decode(message: Uint8Array): Uint8Array;
}

/** A definition with the requests of these methods as bytes. */
export type AskedInBytes<D extends Definition, Names extends keyof D['methods']> = Omit<D, 'methods'> & {
  readonly methods: Omit<D['methods'], Names> & {
    readonly [M in Names]: Omit<D['methods'][M], 'requestType'> & { readonly requestType: Bytes };
  };
};

/** Gives a service the requests of these methods as bytes. */
export function askedInBytes<D extends Definition, Names extends keyof D['methods'] & string>(
  definition: D,
  ...names: Names[]
): AskedInBytes<D, Names> {
  const requestType: Bytes = { encode: (message) => ({ finish: () => message }), decode: asBytes };
  const changed = names.map((name) => {
    return [name, { ...definition.methods[name], requestType, requestDeserialize: asBytes }];
  });
  return { ...definition, methods: { ...definition.methods, ...(Object.fromEntries(changed) as object) } } as never;
}

/** What bytes hold, or why they are no message. It passes between threads, which errors that are no AppError do not. */
export type Reading<Read> = { readonly read: Read } | { readonly unreadable: Unreadable };

/** Reads the messages of a call. */
export interface MessageReader<Read> {
  read(bytes: Uint8Array): Reading<Read>;
  /** The same function for threads. */
  readonly module: ThreadModule<{ readMessage(bytes: Uint8Array): Reading<Read> }>;
}

/**
 * Reads a message of a call.
 *
 * @param which message of the call, counted from 1
 * @param pool of threads for long messages; its calls take a few seconds at most
 * @throws UndecodedElsewhere if the bytes are no message; AppError as `reader` does
 */
export async function readMessage<Read>(
  bytes: Uint8Array,
  which: number,
  {
    reader,
    pool,
    signal,
  }: { readonly reader: MessageReader<Read>; readonly pool: ThreadPool; readonly signal?: AbortSignal },
): Promise<Read> {
  const reading = bytes.length <= SHORT ? reader.read(bytes) : await inThread(bytes, reader, pool, signal);
  if ('unreadable' in reading) throw new UndecodedElsewhere(which, reading.unreadable);
  return reading.read;
}

function inThread<Read>(
  bytes: Uint8Array,
  { module }: MessageReader<Read>,
  pool: ThreadPool,
  signal: AbortSignal | undefined,
): Promise<Reading<Read>> {
  const own = ownRequest(bytes);
  return pool.run(module, 'readMessage', [own], { signal, transfer: [own.buffer] });
}
