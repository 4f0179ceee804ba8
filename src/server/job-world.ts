/** The store as jobs want to see it. A job writes only under names that its creator may write under, at that moment. */

import { refOf } from '../core/refs.js';
import { AppError } from '../core/errors.js';
import { quoted } from '../core/quoted.js';
import type { EngineSettings } from '../engine/engine-settings.js';
import type { ModelRow, Store } from '../store/store.js';
import type { JobContext, JobDatasets, JobGames, JobModels, JobWorld, StoredModel } from '../trainer/harness/ports.js';
import { decodeGameRecord } from '../wire/game-record.js';
import { describeModel } from './models/model-file.js';
import { OwnedNames } from './access/names.js';

/** Games read from the store at once. */
const PAGE = 200;

/**
 * @param engine what jobs compute with
 * @param promoted called after the promoted version of a model changed
 */
export function jobWorld(store: Store, engine: EngineSettings, promoted: () => void): JobWorld {
  return {
    async model(ref) {
      const row = await store.models.get(ref);
      return row && storedModel(row);
    },
    checkpoint: (jobId) => store.checkpoints.load(jobId),
    ports: (context) => ({
      ...context,
      engine,
      models: jobModels(store, context, promoted),
      datasets: jobDatasets(store, context),
      checkpoints: {
        load: () => store.checkpoints.load(context.jobId),
        save: (step, bytes) => store.checkpoints.save(context.jobId, step, bytes),
      },
      games: jobGames(store),
      now: Date.now,
    }),
  };
}

function storedModel(row: ModelRow): StoredModel {
  const { name, sha256, architectureJson } = row;
  return { ref: refOf(row), name, sha256, architectureJson };
}

/** @throws (of `put` and `promote`) AppError 'permission-denied' once the name is no longer granted to the job's creator */
export function jobModels(
  store: Pick<Store, 'models' | 'names'>,
  { model: name, createdBy }: Pick<JobContext, 'model' | 'createdBy'>,
  promoted: () => void,
): JobModels {
  const names = new OwnedNames(store.names);
  return {
    async read(ref) {
      const row = await store.models.get(ref);
      return row && { ...storedModel(row), bytes: await store.models.read(refOf(row)) };
    },
    async put(bytes, { step }) {
      await names.claim('model', name, createdBy);
      return refOf(await store.models.put({ name, ...describeModel(bytes), step }, bytes));
    },
    async promote(ref) {
      await names.claim('model', name, createdBy);
      await store.models.promote(ref);
      promoted();
    },
    rate: (ratings) => store.models.rate(ratings),
  };
}

function jobDatasets(store: Store, { createdBy }: JobContext): JobDatasets {
  const names = new OwnedNames(store.names);
  return {
    async read(ref) {
      const row = await store.datasets.get(ref);
      if (!row) throw new AppError('not-found', `There is no data set ${quoted(ref)}; import it first`);
      const full = refOf(row);
      return { ref: full, bytes: await store.datasets.read(full) };
    },
    claim: (name) => names.claim('dataset', name, createdBy),
    async put(name, samples, bytes) {
      await names.claim('dataset', name, createdBy);
      await store.datasets.put({ name, samples, malformed: 0 }, bytes);
    },
  };
}

function jobGames(store: Store): JobGames {
  return {
    async *after(jobId, after, signal) {
      for (let last = after; ;) {
        const page = await store.games.after(jobId, last, PAGE);
        for (const { sequence, bytes, positionCount: positions } of page) {
          if (signal?.aborted) return;
          yield { sequence, record: decodeGameRecord(bytes), positions };
          last = sequence;
        }
        if (page.length < PAGE) return;
      }
    },
    async played(jobId, model) {
      const jobs = await store.jobs.list();
      const row = jobs.find(
        (job) => job.kind === 'alphazero' && (jobId === '' ? job.model === model : job.jobId === jobId),
      );
      if (!row) {
        const wanted = jobId === '' ? `that trained the model '${model}'; set games` : quoted(jobId);
        throw new AppError('not-found', `There is no alphazero job ${wanted}`);
      }
      const config = JSON.parse(row.configJson) as Record<string, unknown>;
      return { jobId: row.jobId, config, positions: (await store.games.counts(row.jobId)).positions };
    },
  };
}
