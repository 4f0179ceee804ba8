/** Distance on loopback: a TCP proxy that holds every packet for a while, in both directions. */

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A proxy that listens. */
export interface DelayProxy {
  /** host:port, to connect to in place of the target. */
  readonly address: string;
  /** Cuts what goes through the proxy and takes no more connections. */
  close(): void;
}

/** Starts a proxy to `target`, which is host:port; bytes come `delayMs` later each way, in their order. */
export async function startDelayProxy(target: string, delayMs: number): Promise<DelayProxy> {
  const [host = '', port = ''] = target.split(':');
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (incoming) => {
    const outgoing = connect({ host, port: Number(port), allowHalfOpen: true, noDelay: true });
    forward(incoming, outgoing, delayMs);
    forward(outgoing, incoming, delayMs);
    for (const socket of [incoming, outgoing]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Timers of one length go off in the order in which they were set, so nothing overtakes. */
function forward(from: Socket, to: Socket, delayMs: number): void {
  from.on('data', (bytes) => {
    setTimeout(() => {
      // A slow reader is felt at the other end, as over a real line.
      if (to.writable && !to.write(bytes)) from.pause();
    }, delayMs);
  });
  to.on('drain', () => from.resume());
  from.on('end', () => setTimeout(() => to.end(), delayMs));
  from.on('error', () => to.destroy());
  from.on('close', (failed) => failed && to.destroy());
}
