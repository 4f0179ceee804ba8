import { once } from 'node:events';
import { connect, createServer as createHttp2Server, type Http2Session, type Settings } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createServer } from 'nice-grpc';
import { expect, test } from 'vitest';
import { Connection } from '../../../../clients/shared/connection.js';
import { WINDOW_BYTES } from '../../../../src/core/window.js';
import { EvaluatorServiceDefinition, type EvaluateResponse } from '../../../../src/proto/tengen/v1/evaluator.js';
import { widenWindow } from '../../../../src/server/transport/distance.js';

/** The settings of the other end, once its calls have a wide window. */
async function wideWindow(session: Http2Session): Promise<Settings> {
  for (;;) {
    const [settings] = (await once(session, 'remoteSettings')) as [Settings];
    if (settings.initialWindowSize === WINDOW_BYTES) return settings;
  }
}

test('a server lets a peer have much on its way, and says so with its first call', async () => {
  const server = createServer({ interceptors: [widenWindow] });
  server.add(EvaluatorServiceDefinition, {
    async *evaluate(): AsyncGenerator<EvaluateResponse> {
      await Promise.resolve();
      yield* [];
    },
  });
  const session = connect(`http://127.0.0.1:${await server.listen('127.0.0.1:0')}`);
  const said = wideWindow(session);
  session.request({
    ':method': 'POST',
    ':path': '/tengen.v1.EvaluatorService/Evaluate',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  await said;
  // Of the connection, which all of its calls share.
  while (session.state.remoteWindowSize !== WINDOW_BYTES) await new Promise((resolve) => setImmediate(resolve));
  session.destroy();
  server.forceShutdown();
});

test('a client lets the server have as much on its way', async () => {
  const server = createHttp2Server();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connection = new Connection({ address: `127.0.0.1:${String((server.address() as AddressInfo).port)}` });
  const nothing = connection.client(EvaluatorServiceDefinition).evaluate((async function* () {})());
  const asked = nothing[Symbol.asyncIterator]()
    .next()
    .catch(() => undefined);
  const [session] = (await once(server, 'session')) as [Http2Session];
  expect(await wideWindow(session)).toMatchObject({ initialWindowSize: WINDOW_BYTES });
  connection.close();
  session.destroy();
  await asked;
  server.close();
});
