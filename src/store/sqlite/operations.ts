/** Every operation of the store by name: what the queue carries and the database's thread carries out. */

import type { Database } from './database.js';
import { datasetOperations } from './dataset-table.js';
import { storageFailure } from './failure.js';
import { fileOperations } from './file-table.js';
import { gameOperations } from './game-table.js';
import { jobOperations } from './job-table.js';
import { leaseOperations } from './lease-table.js';
import { runningJobOperations } from './running-jobs.js';
import { modelOperations, servingOperations } from './model-table.js';
import { nameOperations } from './name-table.js';

/**
 * All operations over one open database, which is closed if they cannot be.
 *
 * @throws AppError 'failed-precondition' if the database is damaged
 */
export function openOperations(db: Database): Operations {
  try {
    return operationsOn(db);
  } catch (error) {
    db.close();
    throw storageFailure(error, db.path);
  }
}

/** Arguments and results are plain data, so they can cross to a thread. */
function operationsOn(db: Database) {
  return {
    ...modelOperations(db),
    ...servingOperations(db),
    ...gameOperations(db),
    ...leaseOperations(db),
    ...jobOperations(db),
    ...runningJobOperations(db),
    ...datasetOperations(db),
    ...fileOperations(db),
    ...nameOperations(db),
  };
}

export type Operations = ReturnType<typeof operationsOn>;

/** One operation asked for. */
export type Call = {
  [Name in keyof Operations]: { readonly name: Name; readonly args: Parameters<Operations[Name]> };
}[keyof Operations];

/** What became of one call: its value, or why nothing of it was stored. */
export type Outcome = { readonly value: unknown } | { readonly error: unknown };

/**
 * Carries out `calls` in order in one transaction, so that they share one wait for the disk. If it fails, each call is
 * tried on its own, so that one that cannot succeed does not take the others with it.
 */
export function carryOut(db: Database, operations: Operations, calls: readonly Call[]): Outcome[] {
  try {
    return db.transaction(() => calls.map((call) => ({ value: carryOutOne(operations, call) })));
  } catch (error) {
    if (calls.length === 1) return [{ error }];
    return calls.flatMap((call) => carryOut(db, operations, [call]));
  }
}

function carryOutOne(operations: Operations, { name, args }: Call): unknown {
  return (operations[name] as (...values: unknown[]) => unknown)(...args);
}
