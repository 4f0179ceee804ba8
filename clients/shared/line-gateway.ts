/**
 * Conversations by lines over WebSockets: text frames, each with one or more lines. One process serves many of them; whoever is
 * not let in, or must go, is told why in the close frame.
 */

import { timingSafeEqual, createHash } from 'node:crypto';
import { once, on } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { AppError, check } from '../../src/core/errors.js';
import { quoted } from '../../src/core/quoted.js';
import { readFor } from './connection.js';
import { LineReader } from './lines.js';

/** What a gateway is told. */
export interface GatewayOptions {
  /** HOST:PORT; port 0 takes a free one. */
  readonly listen: string;
  /** PEM files for TLS; empty for none. */
  readonly cert: string;
  readonly key: string;
  /** That connections must know; empty for none. */
  readonly token: string;
  readonly maxConnections: number;
  /** Characters of the longest line. */
  readonly maxLineLength: number;
}

/** One conversation. */
export interface Conversation {
  readonly lines: LineReader;
  /** Sends a line; resolves when the connection has room for more. @throws AppError if the connection is gone */
  readonly write: (line: string) => Promise<void>;
  /** Aborted when the connection is gone or the gateway stops. */
  readonly signal: AbortSignal;
}

/** A gateway that listens. */
export interface LineGateway {
  /** As `ws://127.0.0.1:5052`. */
  readonly url: string;
  /** Resolves when all conversations are over. */
  close(): Promise<void>;
}

const PING_MS = 30_000;
/** Longest that a client may read nothing while something waits for it. */
const STALL_MS = 30_000;
/** Frames that wait to be read; at this number the client's frames are not taken from the network. */
const MOST_FRAMES = 64;
/** Bytes of the longest reason in a close frame. */
const MOST_REASON = 123;

/** Codes of RFC 6455, section 7.4.1, and of the registry that it founds. */
const [NORMAL, GOING_AWAY, POLICY, INTERNAL, TRY_LATER] = [1000, 1001, 1008, 1011, 1013];

/** Listens, and has `converse` hold each conversation. @throws AppError 'invalid-argument' if it cannot listen */
export async function startLineGateway(
  options: GatewayOptions,
  converse: (conversation: Conversation) => Promise<void>,
): Promise<LineGateway> {
  const { host, port } = splitAddress(options.listen);
  const server = makeServer(options);
  const sockets = new WebSocketServer({ server, maxPayload: 4 * options.maxLineLength });
  const stopping = new AbortController();
  const open = new Set<Promise<void>>();
  sockets.on('connection', (socket: WebSocket, request: IncomingMessage) => {
    // What a socket reports here is followed by its end.
    socket.on('error', () => undefined);
    const why = refusalOf(request, options.token);
    const isFull = open.size >= options.maxConnections;
    if (why !== undefined) end(socket, POLICY, why);
    else if (isFull) end(socket, TRY_LATER, `All ${options.maxConnections} connections are taken; try again later`);
    else {
      const guest = { socket, cut: (): void => void request.socket.destroy() };
      const conversation = serve(guest, options, converse, stopping.signal).finally(() => open.delete(conversation));
      open.add(conversation);
    }
  });
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError('invalid-argument', `Cannot listen at ${options.listen}: ${reason}`, { cause: error });
  }
  const { port: taken } = server.address() as AddressInfo;
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${options.cert === '' ? 'ws' : 'wss'}://${shown}:${taken}`,
    async close() {
      stopping.abort();
      await Promise.all(open);
      sockets.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Who is connected; `cut` ends the connection of somebody who no longer answers. */
interface Guest {
  readonly socket: WebSocket;
  readonly cut: () => void;
}

async function serve(
  guest: Guest,
  { maxLineLength }: GatewayOptions,
  converse: (conversation: Conversation) => Promise<void>,
  stopping: AbortSignal,
): Promise<void> {
  const { socket, cut } = guest;
  const gone = new AbortController();
  const lines = new LineReader(framesOf(socket), maxLineLength);
  const beat = setInterval(() => {
    if (answered) socket.ping();
    else cut();
    answered = false;
  }, PING_MS);
  let answered = true;
  socket.on('pong', () => (answered = true));
  socket.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, stopping]);
  try {
    await converse({ lines, write: (line) => send(guest, line), signal });
    if (stopping.aborted) end(socket, GOING_AWAY, 'The gateway is stopping');
    else end(socket, NORMAL, '');
  } catch (error) {
    end(socket, INTERNAL, AppError.from(error).message);
  } finally {
    clearInterval(beat);
    lines.end();
  }
}

/** The text of the frames, a line end after each; their sender waits while too many are unread. */
async function* framesOf(socket: WebSocket): AsyncGenerator<string> {
  const marks = { highWaterMark: MOST_FRAMES, lowWaterMark: 1 };
  for await (const [data] of on(socket, 'message', { close: ['close'], ...marks }) as AsyncIterable<[Buffer]>) {
    yield `${data.toString('utf8')}\n`;
  }
}

async function send({ socket, cut }: Guest, line: string): Promise<void> {
  if (socket.readyState !== socket.OPEN) throw new AppError('unavailable', 'The connection is gone');
  const timer = setTimeout(cut, STALL_MS);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.send(line.trimEnd(), (error) => {
        if (error) reject(new AppError('unavailable', 'The connection is gone', { cause: error }));
        else resolve();
      });
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Closes with a reason in words, as many as fit. */
function end(socket: WebSocket, code: number, reason: string): void {
  let text = reason;
  while (Buffer.byteLength(text) > MOST_REASON) text = text.slice(0, -1);
  socket.close(code, text);
}

/** Why a connection is not let in; undefined if it is. */
function refusalOf({ url = '', headers }: IncomingMessage, token: string): string | undefined {
  if (token === '') {
    // Any site that a person visits can have a browser connect to this machine.
    const site = headers.origin === undefined ? undefined : /^https?:\/\/(.*)$/.exec(headers.origin)?.[1];
    if (headers.origin === undefined || site === headers.host) return undefined;
    return 'The connection comes from a web page of another site';
  }
  const query = new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?')) : '').get('token');
  const header = /^Bearer (.*)$/i.exec(headers.authorization ?? '')?.[1];
  const given = header ?? query;
  if (given === null)
    return 'A token is needed: end the address with ?token=TOKEN, or send Authorization: Bearer TOKEN';
  return isSame(given, token) ? undefined : 'The token is wrong';
}

function isSame(given: string, wanted: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(wanted));
}

function makeServer({ cert, key }: GatewayOptions): Server {
  check((cert === '') === (key === ''), '--listen-cert and --listen-key are set together or not at all');
  const answer = (_: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(426, { 'content-type': 'text/plain', upgrade: 'websocket' });
    response.end('This address speaks over WebSockets.\n');
  };
  if (cert === '') return createHttpServer(answer);
  return createHttpsServer({ cert: readFor('listen-cert', cert), key: readFor('listen-key', key) }, answer);
}

function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const [, host = '', digits = ''] = /^\[?([^\]]*)\]?:(\d{1,5})$/.exec(address) ?? [];
  const port = Number(digits);
  check(host !== '' && port < 65_536, () => {
    return `${quoted(address)} is no address to listen at; it must be HOST:PORT, such as 127.0.0.1:5052`;
  });
  return { host, port };
}
