/** One gRPC call by its path alone, with one empty message, for tests that go through all calls there are. */

import { Client, credentials, Metadata, status, type StatusObject } from '@grpc/grpc-js';

/** What became of a call: its status, or that it began to answer. */
export type Outcome = Pick<StatusObject, 'code' | 'details'>;

/** Makes calls to one server. */
export class BareCaller {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure());
  }

  /** Resolves with the status of the call, or with OK at its first answer; the call is then cancelled. */
  call(path: string, token?: string): Promise<Outcome> {
    const metadata = new Metadata();
    if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
    const bytes = (message: Buffer): Buffer => message;
    const stream = this.#client.makeBidiStreamRequest<Buffer, Buffer>(path, bytes, bytes, metadata);
    return new Promise((resolve) => {
      stream.on('data', () => {
        resolve({ code: status.OK, details: '' });
        stream.cancel();
      });
      stream.on('error', () => undefined);
      stream.on('status', resolve);
      stream.write(Buffer.alloc(0));
      stream.end();
    });
  }

  /** Ends the connection. */
  close(): void {
    this.#client.close();
  }
}
