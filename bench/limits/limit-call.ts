/** A call at its limits, and what it is made with. */

import type { Connection } from '../../clients/shared/connection.js';

/** What calls are made with. */
export interface World {
  readonly connection: Connection;
  /** A new file with these bytes; its path. */
  file(name: string, bytes: Uint8Array | string): string;
  /** Runs a `tengen` command against the server; resolves when it has ended, however it did. */
  tengen(...args: string[]): Promise<void>;
  /** Milliseconds of the longest block of the server's main thread since the last time that this was asked. */
  blockedMs(): Promise<number>;
  close(): Promise<void>;
}

/** A call and what has to be there before it. */
export interface LimitCall {
  readonly name: string;
  readonly prepare?: (world: World) => Promise<void>;
  /** What the server answers is of no meaning here; a refusal is an answer too. */
  readonly call: (world: World) => Promise<unknown>;
}

/** Takes all answers of a call. */
export async function drain(answers: AsyncIterable<unknown>): Promise<void> {
  const iterator = answers[Symbol.asyncIterator]();
  while (!(await iterator.next()).done);
}
