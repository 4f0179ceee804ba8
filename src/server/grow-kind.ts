/** The `grow` job over the store: its source, data and models as the job wants to see them. */

import { AppError } from '../core/errors.js';
import { quoted } from '../core/quoted.js';
import type { EngineSettings } from '../engine/engine-settings.js';
import { threadedEngine } from '../engine/threaded.js';
import { modelRef, type Store } from '../store/store.js';
import { readGrowConfig } from '../trainer/grow/config.js';
import { GrowJob } from '../trainer/grow/job.js';
import type { GrowDependencies, SelfPlayGames } from '../trainer/grow/ports.js';
import { decodeGameRecord } from '../wire/game-record.js';
import type { JobContext, JobKind } from './job-kind.js';
import { jobModels } from './job-models.js';
import { ASK, checkSizes, givenSizes, sizesOfModel } from './same-architecture.js';

/** Games read from the store at once. */
const PAGE = 200;

/**
 * @param engine what the jobs grow with
 * @param promoted called after the promoted version of a model changed
 */
export function growKind(store: Store, engine: EngineSettings, promoted: () => void): JobKind {
  return {
    kind: 'grow',
    readConfig: readGrowConfig,
    async checkModel({ model, settings }) {
      const row = await store.models.get(model);
      const { source } = readGrowConfig(settings);
      const from = row && (await store.models.get(source === '' ? model : source));
      // What grows in its own place is the job's own growth.
      if (!from || from.name === model) return;
      const { network } = sizesOfModel(from);
      checkSizes(row, { network: network!, ...givenSizes(settings, ['layers', 'hidden', 'blocks', 'channels']) }, ASK);
    },
    create(context: JobContext) {
      const { model, config, progress } = context;
      const dependencies: GrowDependencies = {
        async source(ref) {
          const row = await store.models.get(ref === '' ? model : ref);
          if (!row) throw new AppError('not-found', `There is no model ${quoted(ref === '' ? model : ref)} to grow`);
          return { ref: modelRef(row), sha256: row.sha256, bytes: await store.models.read(modelRef(row)) };
        },
        async dataset(ref) {
          const row = await store.datasets.get(ref);
          if (!row) throw new AppError('not-found', `There is no data set ${quoted(ref)}; import it first`);
          const full = `${row.name}@${row.version}`;
          return { ref: full, bytes: await store.datasets.read(full) };
        },
        selfPlay: (jobId, name) => selfPlayOf(store, jobId, name),
        models: jobModels(store, context, promoted),
        openEngine: () => threadedEngine(engine),
        progress,
      };
      return Promise.resolve(new GrowJob(readGrowConfig(config), dependencies));
    },
  };
}

async function selfPlayOf(store: Store, jobId: string, model: string): Promise<SelfPlayGames> {
  const jobs = await store.jobs.list();
  const row = jobs.find(
    (job) => job.kind === 'alphazero' && (jobId === '' ? job.model === model : job.jobId === jobId),
  );
  if (!row) {
    const wanted = jobId === '' ? `that trained the model '${model}'; set games` : quoted(jobId);
    throw new AppError('not-found', `There is no alphazero job ${wanted}`);
  }
  return {
    jobId: row.jobId,
    config: JSON.parse(row.configJson) as Record<string, unknown>,
    positions: (await store.games.counts(row.jobId)).positions,
    async *games() {
      for (let last = 0; ;) {
        const page = await store.games.after(row.jobId, last, PAGE);
        for (const { sequence, bytes, positionCount } of page) {
          yield { sequence, record: decodeGameRecord(bytes), positions: positionCount };
          last = sequence;
        }
        if (page.length < PAGE) return;
      }
    },
  };
}
