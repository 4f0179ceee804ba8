/**
 * Calls whose requests go on while they answer, over HTTP: a browser cannot send while it reads. The first POST opens the stream and
 * has its answers; further ones bring more requests, in their order (src/server/page/request-streams.ts).
 */

import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { AppError } from '../../src/core/errors.js';

const STREAM_HEADER = 'tengen-stream';

/** Sends a body with these headers. */
export type Post = (
  body: Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
) => Promise<Response>;

/** How messages are written and answers are read. */
interface Exchange<Request, Answer> {
  readonly post: Post;
  readonly encode: (request: Request) => Uint8Array;
  readonly read: (response: Response) => AsyncIterable<Answer>;
  readonly signal: AbortSignal;
}

/** Sends the requests as they come, and yields the answers. @throws AppError like `Calls.call` */
export async function* exchange<Request, Answer>(
  requests: AsyncIterable<Request>,
  { post, encode, read, signal }: Exchange<Request, Answer>,
): AsyncGenerator<Answer, void> {
  const failed = new AbortController();
  const end = AbortSignal.any([failed.signal, signal]);
  const bodies = bodiesOf(requests, encode);
  const first = await bodies.next();
  const response = await post(first.value!, { [STREAM_HEADER]: 'open' }, end);
  const name = response.headers.get(STREAM_HEADER)!;
  const sendRest = async (): Promise<void> => {
    for await (const body of bodies) await post(body, { [STREAM_HEADER]: name }, end);
  };
  sendRest().catch((error: unknown) => failed.abort(error));
  try {
    yield* read(response);
  } catch (error) {
    throw failed.signal.aborted ? AppError.from(failed.signal.reason) : error;
  } finally {
    failed.abort();
  }
}

/** Bodies with what is to be sent at once, each message after its length; the last one is empty, which ends the requests. */
async function* bodiesOf<Request>(
  requests: AsyncIterable<Request>,
  encode: (request: Request) => Uint8Array,
): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
  const iterator = requests[Symbol.asyncIterator]();
  let next = iterator.next();
  let step = await next;
  while (!step.done) {
    const writer = new BinaryWriter();
    let more: IteratorResult<Request> | undefined = step;
    while (more && !more.done) {
      writer.bytes(encode(more.value));
      next = iterator.next();
      more = await Promise.race([next, inALaterTurn()]);
    }
    yield writer.finish();
    step = await next;
  }
  yield new Uint8Array(0);
}

function inALaterTurn(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined)));
}
