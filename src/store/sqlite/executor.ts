/** Where the database runs: in a thread of its own, so that waiting for the disk stops nobody else, or right here. */

import { AppError } from '../../core/errors.js';
import { receiveError, type SentError } from '../../threads/messages.js';
import { ServiceThread } from '../../threads/service-thread.js';
import { Database, type DatabaseOptions } from './database.js';
import { carryOut, openOperations, type Call, type Outcome } from './operations.js';

/** Carries out batches of calls, one batch at a time. */
export interface Executor {
  run(calls: readonly Call[]): Promise<readonly Outcome[]>;
  close(): Promise<void>;
}

/** Runs the database on the calling thread. */
export function openHere(path: string, options: DatabaseOptions): Executor {
  const db = new Database(path, options);
  const operations = openOperations(db);
  return {
    run: (calls) => Promise.resolve(carryOut(db, operations, calls)),
    close: () => {
      db.close();
      return Promise.resolve();
    },
  };
}

/** What the thread is started with. */
export interface DatabaseStart {
  readonly path: string;
  readonly options: DatabaseOptions;
}

/** What the thread is asked, one batch at a time. */
export interface DatabaseCalls {
  run(calls: readonly Call[]): readonly SentOutcome[];
}

/** An outcome as it crosses from the thread. */
export type SentOutcome = { readonly value: unknown } | { readonly error: SentError };

/**
 * Runs the database in a thread.
 *
 * @param url of the built `thread.js` beside this file
 */
export async function openInThread(path: string, options: DatabaseOptions, url: URL): Promise<Executor> {
  const start: DatabaseStart = { path, options };
  const thread = await ServiceThread.open<DatabaseCalls>({ name: 'store', url, start });
  return {
    async run(calls) {
      const outcomes = await thread.call('run', calls).catch(died);
      return outcomes.map((outcome) => ('error' in outcome ? { error: receiveError(outcome.error) } : outcome));
    },
    close: () => thread.drain(),
  };
}

function died(cause: unknown): never {
  throw new AppError('unavailable', 'The thread of the store ended unexpectedly; restart the server', { cause });
}
