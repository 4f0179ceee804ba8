import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { startDelayProxy } from '../../../bench/shared/delay-proxy.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server that says everything back; through a proxy. @returns a client */
async function throughProxy(delayMs: number): Promise<Socket> {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startDelayProxy(`127.0.0.1:${String((server.address() as AddressInfo).port)}`, delayMs);
  const [, port = ''] = proxy.address.split(':');
  const client = connect(Number(port), '127.0.0.1');
  closing.push(
    () => server.close(),
    () => proxy.close(),
    () => client.destroy(),
  );
  await once(client, 'connect');
  return client;
}

test('what is said comes back after both delays, and not before', async () => {
  const client = await throughProxy(40);
  const started = performance.now();
  client.write('here?');
  const [said] = (await once(client, 'data')) as [Buffer];
  expect(said.toString()).toBe('here?');
  // A timer may go off a millisecond early, by the clock that it was set by.
  expect(performance.now() - started).toBeGreaterThan(75);
});

test('everything comes in order, up to the end', async () => {
  const client = await throughProxy(5);
  const sent = Buffer.alloc(8_000_000, 0);
  for (let i = 0; i < sent.length; i += 4) sent.writeUInt32LE(i, i);
  client.end(sent);
  const received: Buffer[] = [];
  client.on('data', (bytes: Buffer) => received.push(bytes));
  await once(client, 'end');
  expect(Buffer.concat(received).equals(sent)).toBe(true);
});

test('a proxy that closes cuts what goes through it', async () => {
  const client = await throughProxy(1);
  client.write('here?');
  await once(client, 'data');
  const closed = once(client, 'close');
  client.resume();
  for (const close of closing.slice(1, 2)) close();
  await closed;
});
