/** How every client reaches the server: one channel, a token, TLS where asked for. */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ChannelCredentials, createChannel, createClientFactory, Metadata, type Channel } from 'nice-grpc';
import type { CallOptions, Client, ClientMiddlewareCall, CompatServiceDefinition } from 'nice-grpc';
import { AppError, check } from '../../src/core/errors.js';
import { WINDOW_BYTES } from '../../src/core/window.js';
import { checkAddress } from './address.js';

/** Where the server is and how to be let in. */
export interface ConnectionOptions {
  /** host:port, or unix:PATH for a socket of this machine. */
  readonly address: string;
  /** Bearer token; empty for none. */
  readonly token?: string | undefined;
  /** A file that holds the token; goes before `token`. Written as the flag is, like the other two-word options. */
  readonly 'token-file'?: string | undefined;
  /** Use TLS; with `ca`, trust the certificates in that PEM file instead of the system's. */
  readonly tls?: boolean | undefined;
  readonly ca?: string | undefined;
  /** PEM files with the client's own certificate and its private key, for servers that ask for one. */
  readonly 'tls-cert'?: string | undefined;
  readonly 'tls-key'?: string | undefined;
}

/** Largest message that a client accepts: a batch of 1,024 evaluations of 19×19 with ownership is about 1.6 MB. */
const maxMessageBytes = 16 * 1024 * 1024;

/** A channel to the server; makes clients for its services. */
export class Connection {
  readonly address: string;
  readonly #channel: Channel;
  readonly #token: string;

  /** @throws AppError 'invalid-argument' for an address that cannot be one */
  constructor(options: ConnectionOptions) {
    checkAddress(options.address);
    this.address = options.address;
    this.#token = tokenOf(options);
    const credentials = credentialsOf(options);
    this.#channel = createChannel(targetOf(options.address), credentials, {
      'grpc.max_receive_message_length': maxMessageBytes,
      'grpc-node.flow_control_window': WINDOW_BYTES,
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

/** nice-grpc gives every address a port, unless it has a protocol that it does not know. */
function targetOf(address: string): string {
  return address.startsWith('unix:') ? `unix://${resolve(address.replace(/^unix:(\/\/)?/, ''))}` : address;
}

function tokenOf({ token = '', 'token-file': file = '' }: ConnectionOptions): string {
  return file === '' ? token : readFor('token-file', file).toString().trim();
}

function credentialsOf(options: ConnectionOptions): ChannelCredentials {
  const { tls, ca, 'tls-cert': cert, 'tls-key': key } = options;
  check(!cert === !key, '--tls-cert and --tls-key go together; only one of them is given');
  if (!tls && !ca && !cert) return ChannelCredentials.createInsecure();
  return ChannelCredentials.createSsl(
    ca ? readFor('ca', ca) : undefined,
    key ? readFor('tls-key', key) : undefined,
    cert ? readFor('tls-cert', cert) : undefined,
  );
}

/** The content of a file that a flag names. @throws AppError 'invalid-argument' if it cannot be read */
export function readFor(flag: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new AppError('invalid-argument', `--${flag} is '${file}', which cannot be read`, { cause: error });
  }
}
