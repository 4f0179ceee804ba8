/** The `sft` job over the store: its data, checkpoints and models as the job wants to see them. */

import { AppError } from '../core/errors.js';
import { quoted } from '../core/quoted.js';
import type { EngineSettings } from '../engine/engine-settings.js';
import { modelRef, type Store } from '../store/store.js';
import { decodeSftCheckpoint } from '../trainer/sft/checkpoint.js';
import { readSftConfig } from '../trainer/sft/config.js';
import { SftJob } from '../trainer/sft/job.js';
import type { SftDependencies } from '../trainer/sft/ports.js';
import type { JobContext, JobKind } from './job-kind.js';
import { jobModels } from './job-models.js';
import { checkLanguageModel } from './same-architecture.js';

/**
 * @param engine what the jobs train with
 * @param promoted called after the promoted version of a model changed
 */
export function sftKind(store: Store, engine: EngineSettings, promoted: () => void): JobKind {
  return {
    kind: 'sft',
    readConfig: readSftConfig,
    checkModel: (asked) =>
      checkLanguageModel(store, asked, {
        names: ['layers', 'hidden', 'heads', 'keyValueHeads', 'intermediate', 'tiedHead'],
        ofCheckpoint: (bytes) => decodeSftCheckpoint(bytes).architectureJson,
      }),
    async create(context: JobContext) {
      const { jobId, model, config: settings, progress } = context;
      const config = readSftConfig(settings);
      const base = await readBase(store, config.base, model);
      const dependencies: SftDependencies = {
        engine,
        ...(base && { base }),
        async dataset(ref) {
          const row = await store.datasets.get(ref);
          if (!row) throw new AppError('not-found', `There is no data set ${quoted(ref)}; import it first`);
          const full = `${row.name}@${row.version}`;
          return { ref: full, bytes: await store.datasets.read(full) };
        },
        checkpoints: {
          load: () => store.checkpoints.load(jobId),
          save: (step, bytes) => store.checkpoints.save(jobId, step, bytes),
        },
        models: jobModels(store, context, promoted),
        progress,
        now: Date.now,
      };
      return new SftJob(config, dependencies);
    },
  };
}

/** What the settings name, else the model that is trained if there is one. */
async function readBase(store: Store, ref: string, model: string): Promise<Uint8Array | undefined> {
  const row = await store.models.get(ref === '' ? model : ref);
  if (row) return store.models.read(modelRef(row));
  if (ref === '') return undefined;
  throw new AppError('not-found', `There is no model ${quoted(ref)} to start from`);
}
