/** Calls whose messages are given and taken as bytes, for what no client library would send. */

import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { BinaryWriter } from '@bufbuild/protobuf/wire';

export interface RawAnswer {
  /** The name of the status, such as OK. */
  readonly status: string;
  readonly details: string;
  readonly messages: readonly Buffer[];
}

const same = (bytes: Buffer): Buffer => bytes;

export class RawClient {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure());
  }

  /** Sends all messages, half-closes and takes what comes; any call can be made as one of two streams. */
  call(path: string, messages: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<RawAnswer> {
    const stream = this.#client.makeBidiStreamRequest(path, same, same, new Metadata());
    const answers: Buffer[] = [];
    const send = async (): Promise<void> => {
      for await (const message of messages) stream.write(Buffer.from(message));
      stream.end();
    };
    void send();
    return new Promise((resolve) => {
      stream.on('data', (bytes: Buffer) => answers.push(bytes));
      stream.on('error', (error: ServiceError) =>
        resolve({ status: status[error.code], details: error.details, messages: answers }),
      );
      stream.on('end', () => undefined);
      stream.on('status', ({ code, details }: { code: number; details: string }) => {
        if (code === 0) resolve({ status: 'OK', details, messages: answers });
      });
    });
  }

  close(): void {
    this.#client.close();
  }
}

/** A message of one whole number. */
export function varintField(field: number, value: bigint): Uint8Array {
  return new BinaryWriter()
    .uint32(field * 8)
    .uint64(value)
    .finish();
}
