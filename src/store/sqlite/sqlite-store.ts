/** The embedded store: one data folder with `tengen.db` (rows) and `blobs/` (model files, checkpoints, data sets). */

import { AppError } from '../../core/errors.js';
import { quoted } from '../../core/quoted.js';
import type {
  CheckpointStore,
  DatasetStore,
  GameStore,
  JobStore,
  LeaseStore,
  ModelStore,
  NameStore,
  ProgressStore,
  Store,
} from '../store.js';
import { Blobs } from './blobs.js';
import { CommitQueue, type StoreCalls } from './commit-queue.js';
import { openHere, openInThread } from './executor.js';
import { storageFailure } from './failure.js';
import { compareFiles } from './file-table.js';
import { Files } from './files.js';
import { makeFile, makeFolder, noDatabase, openToOthers, pathsOf, stateOf, type FolderPaths } from './folder.js';

/** How to open a data folder. */
export interface SqliteStoreOptions {
  /** Made if it does not exist. */
  readonly dataDir: string;
  /** Milliseconds since 1970 UTC; Date.now in production. */
  readonly now: () => number;
  /** The built `thread.js` beside this file; without it the database runs on the calling thread. */
  readonly thread?: URL;
  /** Calls waiting for the disk at which new ones are refused. */
  readonly maxWaiting?: number;
  /** Told what somebody should look at: files without a row, rows without a file, a folder that others may read. */
  readonly warn?: Warn;
}

type Warn = (event: string, fields: Readonly<Record<string, unknown>>) => void;

/** Names in one warning; `count` says how many there are. */
const NAMED = 20;

/**
 * Opens a data folder for this process alone. Of what is in it only unfinished files of this program are removed.
 *
 * @throws AppError 'failed-precondition' if another server uses it, if it is damaged, of a newer or another program, or
 * if it has files but no database
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { thread, warn = () => undefined } = options;
  const paths = pathsOf(options.dataDir);
  const { hasDatabase, hasFiles } = await stateOf(paths);
  const refusal = noDatabase(paths);
  if (hasFiles && !hasDatabase) throw refusal;
  await makeFolder(paths.dataDir);
  const blobs = await Blobs.open(paths.blobs);
  await makeFile(paths.database);
  const database = { isNew: !hasFiles, refusal: refusal.message };
  const queue = new CommitQueue(
    thread ? await openInThread(paths.database, database, thread) : openHere(paths.database, database),
    options.maxWaiting ?? 10_000,
  );
  try {
    await lookAround(paths, blobs, queue, warn);
    return storeOver(queue, new Files(blobs, queue, warn), options.now);
  } catch (error) {
    await queue.close();
    throw storageFailure(error, paths.dataDir);
  }
}

/** Removes unfinished files, and tells what else does not fit. */
async function lookAround(paths: FolderPaths, blobs: Blobs, queue: CommitQueue, warn: Warn): Promise<void> {
  const told = (event: string, names: readonly string[], advice: string): void => {
    if (names.length > 0) warn(event, { count: names.length, names: names.slice(0, NAMED), advice });
  };
  const entries = await blobs.list();
  const unfinished = entries.filter(({ kind }) => kind === 'unfinished').map(({ name }) => name);
  for (const name of unfinished) await blobs.delete(name);
  told(
    'unfinished-files-removed',
    unfinished,
    'a server ended while it wrote them; nobody was told that they are stored',
  );

  const { unreferenced, orphans, foreign } = compareFiles(entries, await queue.call('fileReferences'));
  const names = unreferenced.map(({ name }) => name);
  told('files-without-a-row', names, "they are kept; 'tengen store sweep' removes them when the server is stopped");
  const missing = orphans.map(({ sha256, holders }) => `${sha256} (${holders.join(', ')})`);
  told('files-missing', missing, `put them back into '${paths.blobs}' from a backup`);
  told('foreign-files', foreign, 'they are not of this program, which never touches them');
  const open = await openToOthers(paths);
  told('folder-open-to-others', open, `other users may read or change them: chmod -R go-rwx '${paths.dataDir}'`);
}

/** The store over a database and a folder of files that are open. @param now milliseconds since 1970 UTC */
export function storeOver(queue: StoreCalls, files: Files, now: () => number): Store {
  return {
    models: modelStore(queue, files, now),
    games: gameStore(queue, now),
    jobs: jobStore(queue, now),
    progress: progressStore(queue),
    leases: leaseStore(queue),
    checkpoints: checkpointStore(queue, files, now),
    datasets: datasetStore(queue, files, now),
    names: nameStore(queue),
    close: () => queue.close(),
  };
}

function modelStore(queue: StoreCalls, files: Files, now: () => number): ModelStore {
  const missing = (ref: string): AppError =>
    new AppError('not-found', ref === '' ? 'There is no model yet' : `There is no model ${quoted(ref)}`);
  return {
    put: (model, bytes) => files.put(bytes, (sha256) => queue.call('putModel', model, sha256, bytes.length, now())),
    get: (ref) => queue.call('getModel', ref),
    list: (name) => queue.call('listModels', name),
    async read(ref) {
      const row = await queue.call('getModel', ref);
      if (!row) throw missing(ref);
      return files.read(row.sha256);
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

function gameStore(queue: StoreCalls, now: () => number): GameStore {
  return {
    put: (game) => queue.call('putGame', game, now()),
    has: (gameId) => queue.call('hasGame', gameId),
    after: (jobId, after, limit) => queue.call('gamesAfter', jobId, after, limit),
    tree: (treeId) => queue.call('gamesOfTree', treeId),
    trees: (jobId, limit, before = Number.MAX_SAFE_INTEGER) => queue.call('listTrees', jobId, limit, before),
    counts: (jobId) => queue.call('gameCounts', jobId),
  };
}

function jobStore(queue: StoreCalls, now: () => number): JobStore {
  return {
    create: (job) => queue.call('createJob', job, now()),
    get: (jobId) => queue.call('getJob', jobId),
    list: () => queue.call('listJobs'),
    resume: ({ jobId, model }) => queue.call('runJob', jobId, model),
    takeUp: () => queue.call('takeUpJobs'),
    prove: (jobId) => queue.call('proveJob', jobId),
    rest: () => queue.call('proveAllJobs'),
    setState: (jobId, state, error = '') => queue.call('setJobState', jobId, state, error),
  };
}

function progressStore(queue: StoreCalls): ProgressStore {
  return {
    append: (point) => queue.call('appendProgress', point),
    after: (jobId, after, limit) => queue.call('progressAfter', jobId, after, limit),
    last: (jobId) => queue.call('lastProgress', jobId),
  };
}

function leaseStore(queue: StoreCalls): LeaseStore {
  return {
    all: () => queue.call('allLeases'),
    put: (rows) => queue.call('putLeases', rows),
    remove: (gameIds) => queue.call('removeLeases', gameIds),
  };
}

function checkpointStore(queue: StoreCalls, files: Files, now: () => number): CheckpointStore {
  return {
    async load(jobId) {
      const sha256 = await queue.call('checkpointBlob', jobId);
      return sha256 === undefined ? undefined : files.read(sha256);
    },
    async save(jobId, step, bytes) {
      const outdated = await files.put(bytes, (sha256) => queue.call('saveCheckpoint', jobId, step, sha256, now()));
      if (outdated !== undefined) await files.drop(outdated);
    },
  };
}

function datasetStore(queue: StoreCalls, files: Files, now: () => number): DatasetStore {
  return {
    put: (dataset, bytes) =>
      files.put(bytes, (sha256) => queue.call('putDataset', dataset, sha256, bytes.length, now())),
    get: (ref) => queue.call('getDataset', ref),
    list: () => queue.call('listDatasets'),
    async read(ref) {
      const row = await queue.call('getDataset', ref);
      if (!row) throw new AppError('not-found', `There is no data set ${quoted(ref)}`);
      return files.read(row.sha256);
    },
  };
}

const kindNames = { model: 'model', dataset: 'data set' } as const;

function nameStore(queue: StoreCalls): NameStore {
  return {
    get: (kind, name) => queue.call('getName', kind, name),
    claim: (kind, name, caller) => queue.call('claimName', kind, name, caller),
    grant: (kind, name, caller) => queue.call('grantName', kind, name, caller),
    async revoke(kind, name, caller) {
      const row = await queue.call('revokeName', kind, name, caller);
      if (!row)
        throw new AppError('not-found', `The ${kindNames[kind]} '${name}' was not granted to ${quoted(caller)}`);
      return row;
    },
  };
}
