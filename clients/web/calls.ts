/**
 * How the page calls the server (src/server/page): protobuf messages over HTTP, streams as server-sent events. The token
 * is asked for when the server wants one, and kept for as long as the tab is open.
 */

import { AppError, errorKinds, type ErrorKind } from '../../src/core/errors.js';
import { exchange } from './exchange.js';

interface MessageType<Message> {
  encode(message: Message): { finish(): Uint8Array<ArrayBuffer> };
  decode(bytes: Uint8Array): Message;
}

interface Method<Request, Response> {
  readonly name: string;
  readonly requestType: MessageType<Request>;
  readonly responseType: MessageType<Response>;
}

/** A service as it is generated from proto/. */
interface Definition {
  readonly fullName: string;
}

/** How a call ends early. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

const TOKEN_KEY = 'tengen-token';

/** The server that sent the page. */
export class Calls {
  readonly #askToken: (why: string) => Promise<string>;
  #token = sessionStorage.getItem(TOKEN_KEY) ?? '';
  #asking: Promise<string> | undefined;

  /** @param askToken asks the person; resolves with what was typed */
  constructor(askToken: (why: string) => Promise<string>) {
    this.#askToken = askToken;
  }

  /** @throws AppError with the server's own sentence; 'unavailable' if it cannot be reached */
  async call<Request, Response>(
    definition: Definition,
    method: Method<Request, Response>,
    request: Request,
    options: CallOptions = {},
  ): Promise<Response> {
    const response = await this.#post(pathOf(definition, method), method.requestType.encode(request).finish(), options);
    return method.responseType.decode(new Uint8Array(await response.arrayBuffer()));
  }

  /** @throws AppError like `call` */
  async *stream<Request, Response>(
    definition: Definition,
    method: Method<Request, Response>,
    request: Request,
    options: CallOptions = {},
  ): AsyncGenerator<Response, void> {
    const body = method.requestType.encode(request).finish();
    yield* this.#read(await this.#post(pathOf(definition, method), body, options), method);
  }

  /** Sends requests while answers come. @throws AppError like `call` */
  exchange<Request, Response>(
    definition: Definition,
    method: Method<Request, Response>,
    requests: AsyncIterable<Request>,
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<Response, void> {
    return exchange(requests, {
      post: (body, headers, ended) => this.#post(pathOf(definition, method), body, { signal: ended, headers }),
      encode: (request) => method.requestType.encode(request).finish(),
      read: (response) => this.#read(response, method),
      signal,
    });
  }

  async *#read<Answer>(
    response: globalThis.Response,
    { responseType }: Pick<Method<never, Answer>, 'responseType'>,
  ): AsyncGenerator<Answer, void> {
    for await (const { event, data } of serverSentEvents(response)) {
      if (event === 'error') throw errorFrom(data);
      yield responseType.decode(Uint8Array.from(atob(data), (character) => character.charCodeAt(0)));
    }
  }

  async #post(
    path: string,
    body: Uint8Array<ArrayBuffer>,
    { signal, headers: more }: CallOptions & { readonly headers?: Readonly<Record<string, string>> },
  ): Promise<globalThis.Response> {
    for (;;) {
      const token = this.#token;
      const headers = {
        'content-type': 'application/x-protobuf',
        ...(token !== '' && { authorization: `Bearer ${token}` }),
        ...more,
      };
      let response: globalThis.Response;
      try {
        response = await fetch(path, { method: 'POST', body, headers, signal: signal ?? null });
      } catch (error) {
        if (signal?.aborted) throw AppError.from(error);
        throw new AppError('unavailable', 'The server does not answer', { cause: error });
      }
      if (response.ok) return response;
      const error = errorFrom(await response.text());
      if (error.kind !== 'unauthenticated') throw error;
      // Another call may have asked meanwhile.
      if (token === this.#token) await this.#renewToken(token === '' ? '' : error.message);
    }
  }

  async #renewToken(why: string): Promise<void> {
    this.#asking ??= this.#askToken(why).finally(() => (this.#asking = undefined));
    this.#token = await this.#asking;
    sessionStorage.setItem(TOKEN_KEY, this.#token);
  }
}

function pathOf({ fullName }: Definition, { name }: { readonly name: string }): string {
  return `/${fullName}/${name}`;
}

function errorFrom(json: string): AppError {
  try {
    const { kind, message } = JSON.parse(json) as { kind: ErrorKind; message: string };
    return new AppError(errorKinds.includes(kind) ? kind : 'internal', message);
  } catch (error) {
    return new AppError('internal', 'The server sent an error that cannot be read', { cause: error });
  }
}

/** The events of a stream (HTML Living Standard, 9.2.6), as far as our server uses the format. */
async function* serverSentEvents(
  response: globalThis.Response,
): AsyncGenerator<{ readonly event: string; readonly data: string }> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      const events = text.split('\n\n');
      text = events.pop()!;
      for (const lines of events) {
        const fields = new Map(lines.split('\n').map((line) => line.split(': ', 2) as [string, string]));
        yield { event: fields.get('event') ?? 'message', data: fields.get('data') ?? '' };
      }
    }
  } catch (error) {
    throw new AppError('unavailable', 'The connection to the server was lost', { cause: error });
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
