/** How every client reaches the server: one channel, a token, TLS where asked for. */

import { readFileSync } from 'node:fs';
import { ChannelCredentials, createChannel, createClientFactory, Metadata, type Channel } from 'nice-grpc';
import type { CallOptions, Client, ClientMiddlewareCall, CompatServiceDefinition } from 'nice-grpc';

/** Where the server is and how to be let in. */
export interface ConnectionOptions {
  /** host:port. */
  readonly address: string;
  /** Bearer token; empty for none. */
  readonly token?: string | undefined;
  /** Use TLS; with `ca`, trust the certificates in that PEM file instead of the system's. */
  readonly tls?: boolean | undefined;
  readonly ca?: string | undefined;
}

/** Largest message that a client accepts: a batch of 1,024 evaluations of 19×19 with ownership is about 1.6 MB. */
const maxMessageBytes = 16 * 1024 * 1024;

/** A channel to the server; makes clients for its services. */
export class Connection {
  readonly address: string;
  readonly #channel: Channel;
  readonly #token: string;

  constructor(options: ConnectionOptions) {
    this.address = options.address;
    this.#token = options.token ?? '';
    const credentials =
      options.tls || options.ca
        ? ChannelCredentials.createSsl(options.ca ? readFileSync(options.ca) : undefined)
        : ChannelCredentials.createInsecure();
    this.#channel = createChannel(options.address, credentials, {
      'grpc.max_receive_message_length': maxMessageBytes,
      // A connection that swallows what is sent is noticed within half the time that a search waits for an answer.
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 5_000,
      // Retries would buffer whole streams (grpc-node #2371); we reconnect ourselves.
      'grpc.enable_retries': 0,
      // Two connections of one process would otherwise be one.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 5_000,
    });
  }

  /** A client for one service; calls carry the token. */
  client<S extends CompatServiceDefinition>(definition: S): Client<S> {
    const token = this.#token;
    return createClientFactory()
      .use(async function* authorize<Request, Response>(
        call: ClientMiddlewareCall<Request, Response>,
        options: CallOptions,
      ) {
        const metadata = Metadata(options.metadata);
        if (token) metadata.set('authorization', `Bearer ${token}`);
        return yield* call.next(call.request, { ...options, metadata });
      })
      .create(definition, this.#channel);
  }

  /** Ends every call of this connection. */
  close(): void {
    this.#channel.close();
  }
}
