/**
 * Room for what is on its way to the server. HTTP/2 lets a peer send 64 KiB before it hears that they were read: over a distance
 * that is 64 KiB, or some hundred positions, a round trip. With grpc-js a client says that more may come, but a server cannot.
 */

import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import type { Http2Session, ServerHttp2Stream } from 'node:http2';
import { WINDOW_BYTES } from '../../core/window.js';

const widened = new WeakSet<Http2Session>();

/** Says, with the first call of a connection, that more may be on its way. To be the first of the interceptors. */
export const widenWindow: ServerInterceptor = (_method, call) => {
  // The base of all interceptors has the stream; with a version that does not, connections stay as narrow as they were.
  const session = (call as { readonly stream?: ServerHttp2Stream }).stream?.session;
  if (session && !widened.has(session)) {
    widened.add(session);
    session.settings({ initialWindowSize: WINDOW_BYTES });
    session.setLocalWindowSize(WINDOW_BYTES);
  }
  return new ServerInterceptingCall(call);
};
