/** The store in memory: calls take effect in the order in which they are made, when the scheduler lets them; answers come in any. */

import { createHash } from 'node:crypto';
import type fc from 'fast-check';
import { AppError } from '../../src/core/errors.js';
import { Turns } from '../../src/core/turns.js';
import { Database } from '../../src/store/sqlite/database.js';
import { Files, type FileFolder } from '../../src/store/sqlite/files.js';
import { carryOut, openOperations, type Call, type Operations } from '../../src/store/sqlite/operations.js';
import type { StoreCalls } from '../../src/store/sqlite/commit-queue.js';
import { storeOver } from '../../src/store/sqlite/sqlite-store.js';
import type { Store } from '../../src/store/store.js';
import { turn } from './explore.js';

/** One for all schedules, emptied for each: opening one takes longer than a schedule. */
const database = new Database(':memory:', { isNew: true });
const operations = openOperations(database);
const emptied = database
  .tables()
  .filter((name) => !name.startsWith('sqlite_stat'))
  .map((name) => database.prepare(`DELETE FROM ${name}`));

/** A store, and what a test sees of it without waiting. */
export interface ScheduledStore {
  readonly store: Store;
  /** What is stored, at once. */
  readonly now: Operations;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Told of the calls to a store. */
export interface Witness {
  /** A call was made. */
  asked?(call: Call): void;
  /** A call took effect. */
  happened?(call: Call): void;
}

/** An empty store; the one before is gone. */
export function scheduledStore(scheduler: fc.Scheduler, witness: Witness = {}): ScheduledStore {
  for (const statement of emptied) statement.run();
  const calls = new ScheduledCalls(scheduler, witness);
  const folder = new MemoryFolder(scheduler);
  const files = new Files(folder, calls, () => undefined);
  return { store: storeOver(calls, files, () => 0), now: operations, files: folder.files };
}

class ScheduledCalls implements StoreCalls {
  readonly #scheduler: fc.Scheduler;
  readonly #witness: Witness;
  #last: Promise<unknown> = Promise.resolve();
  readonly #unanswered = new Set<() => void>();
  #answers = 0;
  #closed = false;

  constructor(scheduler: fc.Scheduler, witness: Witness) {
    this.#scheduler = scheduler;
    this.#witness = witness;
  }

  async call<Name extends keyof Operations>(
    name: Name,
    ...args: Parameters<Operations[Name]>
  ): Promise<ReturnType<Operations[Name]>> {
    if (this.#closed) throw new AppError('unavailable', 'The store is closed');
    const call = { name, args } as Call;
    this.#witness.asked?.(call);
    const effect = this.#last.then(async () => {
      await turn(this.#scheduler, name);
      const [outcome] = carryOut(database, operations, [call]);
      if ('value' in outcome!) this.#witness.happened?.(call);
      return outcome!;
    });
    this.#last = effect;
    const outcome = await effect;
    await this.#answer(name);
    if ('error' in outcome) throw AppError.from(outcome.error);
    return outcome.value as ReturnType<Operations[Name]>;
  }

  /** Resolves in a turn of its own, or, as calls that shared one wait for the disk do, in the turn of another call. */
  #answer(name: string): Promise<void> {
    return new Promise((resolve) => {
      this.#unanswered.add(resolve);
      void turn(this.#scheduler, `${name} answered`).then(() => {
        const answered = ++this.#answers % 3 === 0 ? [...this.#unanswered] : [resolve];
        for (const answer of answered) {
          this.#unanswered.delete(answer);
          answer();
        }
      });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
  }
}

/** Files in memory, with the turns of those on disk. */
class MemoryFolder implements FileFolder {
  readonly files = new Map<string, Uint8Array>();
  readonly #scheduler: fc.Scheduler;
  readonly #turns = new Turns();

  constructor(scheduler: fc.Scheduler) {
    this.#scheduler = scheduler;
  }

  put<T>(bytes: Uint8Array, record: (sha256: string) => Promise<T>): Promise<T> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return this.#turns.take(sha256, async () => {
      await turn(this.#scheduler, 'write');
      this.files.set(sha256, bytes);
      return record(sha256);
    });
  }

  async read(sha256: string): Promise<Uint8Array> {
    await turn(this.#scheduler, 'read');
    const bytes = this.files.get(sha256);
    if (!bytes) throw new AppError('internal', `The file '${sha256}' is missing`);
    return bytes;
  }

  remove(sha256: string, isNeeded: () => Promise<boolean>): Promise<void> {
    return this.#turns.take(sha256, async () => {
      if (await isNeeded()) return;
      await turn(this.#scheduler, 'remove');
      this.files.delete(sha256);
    });
  }
}
