/** The thread that owns the database: answers each batch of calls with their outcomes. */

import { parentPort, workerData } from 'node:worker_threads';
import { AppError } from '../../core/errors.js';
import { Database } from './database.js';
import type { SentError, ThreadData, ThreadReply } from './executor.js';
import { carryOut, openOperations, type Call } from './operations.js';

function sent(thrown: unknown): SentError {
  const error = AppError.from(thrown);
  return { kind: error.kind, message: error.message, stack: `${error.stack ?? ''}\n${String(error.cause)}` };
}

const reply = (message: ThreadReply): void => parentPort?.postMessage(message);

try {
  const { path, options } = workerData as ThreadData;
  const db = new Database(path, options);
  const operations = openOperations(db);
  parentPort?.on('message', (message: readonly Call[] | 'close') => {
    if (message === 'close') {
      db.close();
      reply({});
      return;
    }
    const outcomes = carryOut(db, operations, message);
    reply({ outcomes: outcomes.map((outcome) => ('error' in outcome ? { error: sent(outcome.error) } : outcome)) });
  });
  reply({});
} catch (error) {
  reply({ failure: sent(error) });
}
