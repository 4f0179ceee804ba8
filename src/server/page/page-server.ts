/**
 * Serves the page: its files, and the calls that it makes (calls.ts). A call's answer is a message, or, where the call
 * streams, server-sent events with a message in base64 each. An error is JSON, as a status or as the last event.
 */

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { AppError, check } from '../../core/errors.js';
import { quoted } from '../../core/quoted.js';
import { checkLevel } from '../access/call-levels.js';
import type { Callers } from '../access/callers.js';
import type { Service } from '../transport/service.js';
import { isOwnFault } from '../transport/status.js';
import type { Stopping } from '../transport/stopping.js';
import { openCalls, type Call } from './calls.js';
import { checkHost, checkSite } from './gate.js';
import { toHttpError } from './http-error.js';
import { PageFiles, securityHeaders } from './page-files.js';
import { RequestStreams, STREAM_HEADER } from './request-streams.js';

/** Requests and connections at once; a tab has at most one stream open, and the board a few evaluations. */
const MAX_REQUESTS = 512;

export interface PageOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Whose tokens are let in. */
  readonly callers: Callers;
  /** PEM files' contents; plain HTTP without them. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer; readonly clientCa?: Buffer } | undefined;
  /** Largest body taken. */
  readonly maxMessageBytes: number;
  /** The folder that the build made. */
  readonly folder: string;
  readonly services: readonly Service[];
  readonly logger: Logger;
  /** Ends the calls when the server stops. */
  readonly stopping: Stopping;
}

export interface PageServer {
  readonly url: string;
  /** Takes nothing more, and resolves when the requests under way are answered. */
  close(): Promise<void>;
  /** Cuts off what is still under way. */
  cutOff(): void;
}

/** @throws AppError 'unavailable' if the port cannot be bound */
export async function servePage(options: PageOptions): Promise<PageServer> {
  const handler = new PageHandler(options, await PageFiles.read(options.folder));
  const take = (request: IncomingMessage, response: ServerResponse): void => handler.take(request, response);
  const { tls } = options;
  const server = tls ? createHttpsServer(httpsOptions(tls), take) : createHttpServer(take);
  server.maxConnections = MAX_REQUESTS;
  const { host, port } = options;
  const shown = host.includes(':') ? `[${host}]` : host;
  await listen(server, host, port, `${shown}:${port}`);
  return {
    url: `${tls ? 'https' : 'http'}://${shown}:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.close();
      await handler.drain();
      // Connections that a browser keeps open for later.
      server.closeAllConnections();
    },
    cutOff: () => server.closeAllConnections(),
  };
}

/** With `clientCa` browsers need a certificate, too. */
function httpsOptions({ cert, key, clientCa }: NonNullable<PageOptions['tls']>): ServerOptions {
  return { cert, key, ...(clientCa && { ca: clientCa, requestCert: true, rejectUnauthorized: true }) };
}

async function listen(server: Server, host: string, port: number, where: string): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new AppError(
      'unavailable',
      `Cannot serve the page on ${where}: ${why}; set another 'pagePort', or turn 'page' off`,
      { cause: error },
    );
  }
}

/** Answers requests, and knows which are under way. */
class PageHandler {
  readonly #options: PageOptions;
  readonly #files: PageFiles;
  readonly #calls: ReadonlyMap<string, Call>;
  readonly #streams = new RequestStreams();
  readonly #running = new Set<Promise<void>>();

  constructor(options: PageOptions, files: PageFiles) {
    this.#options = options;
    this.#files = files;
    this.#calls = openCalls(options.services, options);
  }

  /** Resolves when every answer is out. */
  async drain(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  take(request: IncomingMessage, response: ServerResponse): void {
    const closed = new Promise<void>((resolve) => response.once('close', resolve));
    const running = this.#answer(request, response)
      .then(() => closed)
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Answers a request; an error becomes a status, so the promise never rejects. */
  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      const { method = '', headers } = request;
      checkHost(headers, this.#options.callers.needToken);
      const path = (request.url ?? '/').split('?')[0]!;
      if (method === 'POST') await this.#call(path, request, response, gone.signal);
      else if (method === 'GET' || method === 'HEAD') this.#files.serve(path, request, response);
      else throw new AppError('invalid-argument', `The method is ${method}; the page has GET and POST`);
    } catch (error) {
      this.#fail(error, request, response, gone.signal);
    }
  }

  async #call(path: string, request: IncomingMessage, response: ServerResponse, gone: AbortSignal): Promise<void> {
    if (this.#running.size >= MAX_REQUESTS) {
      throw new AppError('resource-exhausted', `The page has ${MAX_REQUESTS} requests under way; try again later`);
    }
    checkSite(request.headers);
    const { authorization } = request.headers;
    const caller = this.#options.callers.check(authorization);
    const call = this.#calls.get(path);
    if (!call)
      throw new AppError(
        'not-found',
        `There is no call ${quoted(path)}; the page has ${[...this.#calls.keys()].join(', ')}`,
      );
    checkLevel(path, caller);
    const body = await readBody(request, this.#options.maxMessageBytes);
    const name = request.headers[STREAM_HEADER]?.toString();
    if (name !== undefined && name !== 'open') {
      await this.#streams.add(name, { path, authorization }, body);
      response.writeHead(204, securityHeaders).end();
      return;
    }
    const stream = name === undefined ? undefined : this.#streams.open({ path, authorization }, body, gone);
    const peer = request.socket.remoteAddress ?? '';
    try {
      // Whoever opens a stream sends more only once its name is known.
      if (stream) startEvents(response, { [STREAM_HEADER]: stream.name }).flushHeaders();
      await answer(call, call.run(stream?.requests ?? body, { peer, authorization, signal: gone }), response, gone);
    } finally {
      if (stream) this.#streams.close(stream.name);
    }
  }

  #fail(error: unknown, request: IncomingMessage, response: ServerResponse, gone: AbortSignal): void {
    const requestId = randomUUID().slice(0, 8);
    if (isOwnFault(error)) {
      const fields = { err: error, requestId, path: request.url };
      if (gone.aborted) this.#options.logger.debug(fields, 'page-request-cancelled');
      else this.#options.logger.error(fields, 'page-request-failed');
    }
    const { status, json } = toHttpError(error, requestId);
    if (response.headersSent) {
      response.end(`event: error\ndata: ${json}\n\n`);
      return;
    }
    const headers = { ...securityHeaders, 'content-type': 'application/json', 'cache-control': 'no-store' };
    // What is left of a body that was not read would be taken for the next request.
    response.writeHead(status, { ...headers, ...(!request.complete && { connection: 'close' }) }).end(json);
  }
}

async function answer(
  { isStream }: Call,
  messages: AsyncIterable<Uint8Array>,
  response: ServerResponse,
  gone: AbortSignal,
): Promise<void> {
  for await (const message of messages) {
    if (!isStream) {
      const type = { 'content-type': 'application/x-protobuf', 'content-length': message.length };
      response.writeHead(200, { ...securityHeaders, ...type, 'cache-control': 'no-store' }).end(message);
      return;
    }
    startEvents(response);
    if (!response.write(`data: ${Buffer.from(message).toString('base64')}\n\n`)) await drained(response, gone);
  }
  startEvents(response).end();
}

/** Sends the head of a stream of events, once. */
function startEvents(response: ServerResponse, more: Readonly<Record<string, string>> = {}): ServerResponse {
  if (response.headersSent) return response;
  const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' };
  return response.writeHead(200, { ...securityHeaders, ...headers, ...more });
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    check(length <= maxBytes, () => `The request has more than the ${maxBytes} bytes that this server takes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Waits until the peer has taken what was written, or is gone. */
async function drained(response: ServerResponse, gone: AbortSignal): Promise<void> {
  await once(response, 'drain', { signal: gone }).catch(() => undefined);
}
