/** The embedded store: one data directory with `tengen.db` (rows) and `blobs/` (model files, checkpoints). */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../core/errors.js';
import type {
  CheckpointStore,
  DatasetStore,
  GameStore,
  JobStore,
  LeaseStore,
  ModelStore,
  ProgressStore,
  Store,
} from '../store.js';
import { Blobs } from './blobs.js';
import { CommitQueue } from './commit-queue.js';
import { openHere, openInThread } from './executor.js';
import { storageFailure } from './failure.js';

/** How to open a data directory. */
export interface SqliteStoreOptions {
  /** Made if it does not exist. */
  readonly dataDir: string;
  /** Milliseconds since 1970 UTC; Date.now in production. */
  readonly now: () => number;
  /** The built `thread.js` beside this file; without it the database runs on the calling thread. */
  readonly thread?: URL;
  /** Calls waiting for the disk at which new ones are refused. */
  readonly maxWaiting?: number;
}

/**
 * Opens a data directory for this process alone.
 *
 * @throws AppError 'failed-precondition' if another server uses it, or if it is damaged or of a newer program
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { dataDir, thread } = options;
  try {
    await mkdir(dataDir, { recursive: true });
  } catch (error) {
    throw storageFailure(error, dataDir);
  }
  const path = join(dataDir, 'tengen.db');
  const queue = new CommitQueue(
    thread ? await openInThread(path, thread) : openHere(path),
    options.maxWaiting ?? 10_000,
  );
  try {
    const blobs = await Blobs.open(join(dataDir, 'blobs'));
    await blobs.sweep(new Set(await queue.call('referencedBlobs')));
    return assemble(queue, blobs, options.now);
  } catch (error) {
    await queue.close();
    throw storageFailure(error, dataDir);
  }
}

function assemble(queue: CommitQueue, blobs: Blobs, now: () => number): Store {
  return {
    models: modelStore(queue, blobs, now),
    games: gameStore(queue, now),
    jobs: jobStore(queue, now),
    progress: progressStore(queue),
    leases: leaseStore(queue),
    checkpoints: checkpointStore(queue, blobs, now),
    datasets: datasetStore(queue, blobs, now),
    close: () => queue.close(),
  };
}

function modelStore(queue: CommitQueue, blobs: Blobs, now: () => number): ModelStore {
  const missing = (ref: string): AppError =>
    new AppError('not-found', ref === '' ? 'There is no model yet' : `There is no model '${ref}'`);
  return {
    async put(model, bytes) {
      const sha256 = await blobs.put(bytes);
      return queue.call('putModel', model, sha256, bytes.length, now());
    },
    get: (ref) => queue.call('getModel', ref),
    list: (name) => queue.call('listModels', name),
    async read(ref) {
      const row = await queue.call('getModel', ref);
      if (!row) throw missing(ref);
      return blobs.read(row.sha256);
    },
    async promote(ref, promotion) {
      const row = await queue.call('promoteModel', ref, promotion?.asDefault ?? false);
      if (!row) throw missing(ref);
      return row;
    },
    async setPrecision(name, precision) {
      await queue.call('setModelPrecision', name, precision);
      const row = await queue.call('getModel', name);
      if (!row) throw missing(name);
      return row;
    },
    setQuantization: (ref, json) => queue.call('setModelQuantization', ref, json),
    rate: (ratings) => queue.call('rateModels', ratings),
  };
}

function gameStore(queue: CommitQueue, now: () => number): GameStore {
  return {
    put: (game) => queue.call('putGame', game, now()),
    has: (gameId) => queue.call('hasGame', gameId),
    after: (jobId, after, limit) => queue.call('gamesAfter', jobId, after, limit),
    tree: (treeId) => queue.call('gamesOfTree', treeId),
    trees: (jobId, limit, before = Number.MAX_SAFE_INTEGER) => queue.call('listTrees', jobId, limit, before),
    counts: (jobId) => queue.call('gameCounts', jobId),
  };
}

function jobStore(queue: CommitQueue, now: () => number): JobStore {
  return {
    create: (job) => queue.call('createJob', job, now()),
    get: (jobId) => queue.call('getJob', jobId),
    list: () => queue.call('listJobs'),
    setState: (jobId, state, error = '') => queue.call('setJobState', jobId, state, error),
  };
}

function progressStore(queue: CommitQueue): ProgressStore {
  return {
    append: (point) => queue.call('appendProgress', point),
    after: (jobId, after, limit) => queue.call('progressAfter', jobId, after, limit),
    last: (jobId) => queue.call('lastProgress', jobId),
  };
}

function leaseStore(queue: CommitQueue): LeaseStore {
  return {
    all: () => queue.call('allLeases'),
    put: (rows) => queue.call('putLeases', rows),
    remove: (gameIds) => queue.call('removeLeases', gameIds),
  };
}

function checkpointStore(queue: CommitQueue, blobs: Blobs, now: () => number): CheckpointStore {
  return {
    async load(jobId) {
      const sha256 = await queue.call('checkpointBlob', jobId);
      return sha256 === undefined ? undefined : blobs.read(sha256);
    },
    async save(jobId, step, bytes) {
      const outdated = await queue.call('saveCheckpoint', jobId, step, await blobs.put(bytes), now());
      if (outdated !== undefined) await blobs.remove(outdated);
    },
  };
}

function datasetStore(queue: CommitQueue, blobs: Blobs, now: () => number): DatasetStore {
  return {
    async put(dataset, bytes) {
      const sha256 = await blobs.put(bytes);
      return queue.call('putDataset', dataset, sha256, bytes.length, now());
    },
    get: (ref) => queue.call('getDataset', ref),
    list: () => queue.call('listDatasets'),
    async read(ref) {
      const row = await queue.call('getDataset', ref);
      if (!row) throw new AppError('not-found', `There is no data set '${ref}'`);
      return blobs.read(row.sha256);
    },
  };
}
