/**
 * Streams of requests over HTTP: a browser cannot send while it reads the answers. The first POST of a call opens the stream, and
 * its answer is the stream of answers; further POSTs that name the stream bring more requests, and one without any ends them.
 */

import { randomUUID } from 'node:crypto';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { AppError } from '../../core/errors.js';
import { MessageQueue } from '../../core/message-queue.js';
import { quoted } from '../../core/quoted.js';

/** Of a POST: `open`, or the name of a stream; of the answer that opens a stream: its name. */
export const STREAM_HEADER = 'tengen-stream';

/** Requests of a stream that may wait to be read. */
const MOST_QUEUED = 64;

/** Who calls what. */
interface StreamCall {
  readonly path: string;
  readonly authorization: string | undefined;
}

interface OpenStream extends StreamCall {
  readonly requests: MessageQueue<Uint8Array>;
}

/** The streams that are open, by their names, which nobody else can guess. */
export class RequestStreams {
  readonly #open = new Map<string, OpenStream>();

  /** Opens a stream with the requests of its first body; to be closed by its name, unless `gone` aborts before. */
  open(
    call: StreamCall,
    body: Uint8Array,
    gone: AbortSignal,
  ): { readonly name: string; readonly requests: AsyncIterable<Uint8Array> } {
    const name = randomUUID();
    const requests = new MessageQueue<Uint8Array>(MOST_QUEUED);
    take(requests, body);
    this.#open.set(name, { ...call, requests });
    const lost = new AppError('cancelled', 'The client has left');
    gone.addEventListener('abort', () => requests.fail(lost), { once: true });
    return { name, requests };
  }

  /** Adds the requests of a further body, and waits until there is room for more. @throws AppError 'not-found' */
  async add(name: string, { path, authorization }: StreamCall, body: Uint8Array): Promise<void> {
    const stream = this.#open.get(name);
    if (stream?.path !== path || stream.authorization !== authorization || stream.requests.hasEnded()) {
      throw new AppError('not-found', `There is no stream ${quoted(name)}; it may have ended`);
    }
    take(stream.requests, body);
    await stream.requests.room();
  }

  close(name: string): void {
    this.#open.get(name)?.requests.end();
    this.#open.delete(name);
  }
}

function take(requests: MessageQueue<Uint8Array>, body: Uint8Array): void {
  for (const request of requestsOf(body)) requests.push(request);
  if (body.length === 0) requests.end();
}

/** The messages of a body, each after its length, as protobuf's delimited form has them. */
function requestsOf(body: Uint8Array): Uint8Array[] {
  const reader = new BinaryReader(body);
  const requests: Uint8Array[] = [];
  try {
    while (reader.pos < reader.len) requests.push(reader.bytes());
  } catch (error) {
    throw new AppError('invalid-argument', 'The body is no series of messages, each after its length', {
      cause: error,
    });
  }
  return requests;
}
