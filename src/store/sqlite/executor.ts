/** Where the database runs: in a thread of its own, so that waiting for the disk stops nobody else, or right here. */

import { Worker } from 'node:worker_threads';
import { AppError, type ErrorKind } from '../../core/errors.js';
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
export interface ThreadData {
  readonly path: string;
  readonly options: DatabaseOptions;
}

/** An error as it crosses from the thread. */
export interface SentError {
  readonly kind: ErrorKind;
  readonly message: string;
  readonly stack: string;
}

/** What the thread answers to each batch (and, once, to its start). */
export interface ThreadReply {
  readonly outcomes?: readonly ({ readonly value: unknown } | { readonly error: SentError })[];
  readonly failure?: SentError;
}

/**
 * Runs the database in a thread.
 *
 * @param script the built `thread.js` beside this file
 */
export async function openInThread(path: string, options: DatabaseOptions, script: URL): Promise<Executor> {
  const worker = new Worker(script, { workerData: { path, options } satisfies ThreadData, name: 'store' });
  let settle: ((reply: ThreadReply) => void) | undefined;
  let dead: AppError | undefined;
  const ask = (message?: unknown): Promise<ThreadReply> =>
    new Promise((resolve) => {
      settle = resolve;
      if (dead) resolve({ failure: { kind: dead.kind, message: dead.message, stack: '' } });
      else if (message !== undefined) worker.postMessage(message);
    });
  const died = (cause: unknown): void => {
    dead = new AppError('unavailable', 'The thread of the store ended unexpectedly; restart the server', { cause });
    settle?.({ failure: { kind: dead.kind, message: dead.message, stack: String(cause) } });
  };
  worker.on('message', (reply: ThreadReply) => settle?.(reply));
  worker.on('error', died);
  worker.on('exit', () => died(new Error('exit')));
  const opened = await ask();
  if (opened.failure) {
    await worker.terminate();
    throw received(opened.failure);
  }
  return {
    async run(calls) {
      const { outcomes, failure } = await ask(calls);
      if (failure) throw received(failure);
      return (outcomes ?? []).map((outcome) => ('error' in outcome ? { error: received(outcome.error) } : outcome));
    },
    async close() {
      await ask('close');
      await worker.terminate();
    },
  };
}

function received({ kind, message, stack }: SentError): AppError {
  return new AppError(kind, message, { cause: stack });
}
