/**
 * gRPC over a bare HTTP/2 stream: whatever bytes a case has are what the server gets, and hundreds of calls share one
 * connection.
 */

import { once } from 'node:events';
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { Condition } from '../../src/core/condition.js';

export interface CallEnd {
  /** grpc-status; undefined if the stream ended without one. */
  readonly status: number | undefined;
  /** grpc-message, decoded. */
  readonly message: string;
  /** Whether the bound passed before the server ended the call. */
  readonly timedOut: boolean;
}

/** A message with the five bytes that gRPC puts before it. */
export function framed(message: Uint8Array, compressed = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = compressed;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** One connection; a new one is made where the old one is gone. */
export class WireConnection {
  readonly #address: string;
  #session: ClientHttp2Session | undefined;

  /** @param address host:port */
  constructor(address: string) {
    this.#address = address;
  }

  /** Opens a call; nothing is sent but headers. */
  async open(path: string, headers: Readonly<Record<string, string>> = {}): Promise<WireCall> {
    const session = await this.#connected();
    const usual = { 'content-type': 'application/grpc', te: 'trailers' };
    return new WireCall(session.request({ ':method': 'POST', ':path': path, ...usual, ...headers }));
  }

  /** Closes the connection; calls under way are cut off. */
  close(): void {
    this.#session?.destroy();
    this.#session = undefined;
  }

  async #connected(): Promise<ClientHttp2Session> {
    const session = this.#session;
    if (session && !session.closed && !session.destroyed) return session;
    // Node's own limit of 10 MB for what a connection holds is met by uploads that wait; answers are then cut off here.
    const limits = { settings: { initialWindowSize: 1 << 20 }, maxSessionMemory: 1000 };
    const next = connect(`http://${this.#address}`, limits);
    // A session that breaks breaks its streams, where it is noticed.
    next.on('error', () => undefined);
    next.unref();
    this.#session = next;
    await once(next, 'connect');
    return next;
  }
}

/** One call. Errors of the connection are an end without a status. */
export class WireCall {
  readonly #stream: ClientHttp2Stream;
  readonly #messages: Buffer[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #status: number | undefined;
  #text = '';
  #isOver = false;
  readonly #changed = new Condition();

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream;
    stream.on('response', (headers) => this.#readStatus(headers));
    stream.on('trailers', (headers: Record<string, unknown>) => this.#readStatus(headers));
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    stream.on('error', () => undefined);
    stream.once('close', () => {
      this.#isOver = true;
      this.#changed.notifyAll();
    });
  }

  /** Sends bytes as they are; what comes after the end of the call is lost. */
  send(bytes: Uint8Array): void {
    if (this.#stream.writable) this.#stream.write(bytes);
  }

  /** Ends the requests. */
  finish(): void {
    if (this.#stream.writable) this.#stream.end();
  }

  /** Gives the call up. */
  cancel(): void {
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  /** The answers that came and were not asked for yet. */
  taken(): readonly Buffer[] {
    return this.#messages.splice(0);
  }

  /** The next answer; undefined at the end of the call, or if none comes in time. */
  async next(ms: number): Promise<Buffer | undefined> {
    await this.#until(() => this.#messages.length > 0 || this.#isOver, ms);
    return this.#messages.shift();
  }

  /** Waits for the end; a call that has none in time is cancelled. */
  async ended(ms: number): Promise<CallEnd> {
    const inTime = await this.#until(() => this.#isOver, ms);
    if (!inTime) this.cancel();
    return { status: this.#status, message: this.#text, timedOut: !inTime };
  }

  #readStatus(headers: Readonly<Record<string, unknown>>): void {
    const status = headers['grpc-status'];
    if (status === undefined) return;
    this.#status = Number(status);
    const said = headers['grpc-message'];
    const text = typeof said === 'string' ? said : '';
    try {
      this.#text = decodeURIComponent(text);
    } catch {
      this.#text = text;
    }
  }

  #take(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 5) {
      const end = 5 + this.#rest.readUInt32BE(1);
      if (this.#rest.length < end) break;
      this.#messages.push(this.#rest.subarray(5, end));
      this.#rest = this.#rest.subarray(end);
    }
    this.#changed.notifyAll();
  }

  async #until(condition: () => boolean, ms: number): Promise<boolean> {
    const deadline = performance.now() + ms;
    while (!condition()) {
      const left = deadline - performance.now();
      if (left <= 0) return false;
      const timer = setTimeout(() => this.#changed.notifyAll(), left);
      await this.#changed.wait();
      clearTimeout(timer);
    }
    return true;
  }
}
