/** A TCP proxy on loopback that can cut what goes through it, or swallow it without a word. */

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Condition } from '../../src/core/condition.js';

/** Forwards to one address until told otherwise. */
export class TcpProxy {
  /** Connections taken so far. */
  accepted = 0;
  /** While true, bytes in both directions are swallowed: the connection looks alive and nothing comes. */
  stalled = false;
  /** Bytes that went through, both ways. */
  forwardedBytes = 0;
  readonly #changed = new Condition();
  readonly #target: string;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #server: Server | undefined;

  /** @param target host:port */
  constructor(target: string) {
    this.#target = target;
  }

  /** Starts listening. @returns host:port */
  async start(): Promise<string> {
    const [host = '', port = ''] = this.#target.split(':');
    this.#server = createServer((incoming) => {
      this.accepted++;
      const outgoing = connect(Number(port), host);
      const pair = [incoming, outgoing] as const;
      this.#pairs.add(pair);
      for (const [from, to] of [pair, [outgoing, incoming]] as const) {
        from.on('data', (bytes) => {
          if (this.stalled) return;
          to.write(bytes);
          this.forwardedBytes += bytes.length;
          this.#changed.notifyAll();
        });
        from.on('error', () => undefined);
        from.on('close', () => {
          to.destroy();
          this.#pairs.delete(pair);
        });
      }
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** Resolves once so many bytes went through. */
  async forwarded(bytes: number): Promise<void> {
    await this.#changed.until(() => this.forwardedBytes >= bytes);
  }

  /** Cuts every connection in the middle; new ones are taken. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
    this.#pairs.clear();
  }

  /** Cuts everything and takes no more. */
  stop(): void {
    this.#server?.close();
    this.cut();
  }
}
