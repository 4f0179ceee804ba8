/** The `rft` job over the store: its tasks, checkpoints and models as the job wants to see them, and its reward. */

import { AppError } from '../core/errors.js';
import { quoted } from '../core/quoted.js';
import type { EngineSettings } from '../engine/engine-settings.js';
import { makeReward } from '../rewards/make-reward.js';
import type { Sandbox } from '../rewards/sandbox.js';
import { modelRef, type Store } from '../store/store.js';
import { decodeRftCheckpoint } from '../trainer/rft/checkpoint.js';
import { readRftConfig } from '../trainer/rft/job-config.js';
import { RftJob } from '../trainer/rft/job.js';
import { policyThread } from '../trainer/rft/policy-handle.js';
import type { RftDependencies } from '../trainer/rft/ports.js';
import { connectReward } from './external-reward.js';
import type { JobContext, JobKind } from './job-kind.js';
import { jobModels } from './job-models.js';
import { checkModelName } from './model-name.js';
import { OwnedNames } from './names.js';
import { checkLanguageModel } from './same-architecture.js';

/**
 * @param engine what the jobs draw and train with
 * @param promoted called after the promoted version of a model changed
 * @param sandbox for the programs of jobs; not given: they run none
 */
export function rftKind(store: Store, engine: EngineSettings, promoted: () => void, sandbox?: Sandbox): JobKind {
  const names = new OwnedNames(store.names);
  return {
    kind: 'rft',
    readConfig(input) {
      const config = readRftConfig(input);
      if (config.keepScores !== '') checkModelName(config.keepScores);
      // Refuses settings of the reward that do not go together before there is a job.
      const unconnected = { score: () => Promise.resolve([]), close: () => undefined };
      makeReward(config, { connect: () => unconnected, sandbox });
      return config;
    },
    checkModel: (asked) =>
      checkLanguageModel(store, asked, {
        names: [],
        ofCheckpoint: (bytes) => decodeRftCheckpoint(bytes).architectureJson,
      }),
    async create(context: JobContext) {
      const { jobId, model, createdBy, config: settings, progress } = context;
      const config = readRftConfig(settings);
      // Refused before the pool is scored.
      if (config.keepScores !== '') await names.claim('dataset', config.keepScores, createdBy);
      const reward = makeReward(config, { connect: connectReward, sandbox });
      const dependencies: RftDependencies = {
        datasets: datasetsOf(store, names, createdBy),
        models: jobModels(store, context, promoted),
        base: () => readBase(store, config.base, model),
        checkpoints: {
          load: () => store.checkpoints.load(jobId),
          save: (step, bytes) => store.checkpoints.save(jobId, step, bytes),
        },
        reward,
        progress,
        openPolicy: policyThread(engine),
        close: () => void reward.close(),
      };
      return new RftJob(config, dependencies);
    },
  };
}

function datasetsOf(store: Store, names: OwnedNames, createdBy: string): RftDependencies['datasets'] {
  return {
    async read(ref) {
      const row = await store.datasets.get(ref);
      if (!row) throw new AppError('not-found', `There is no data set ${quoted(ref)}; import it first`);
      const full = `${row.name}@${row.version}`;
      return { ref: full, bytes: await store.datasets.read(full) };
    },
    async put(name, samples, bytes) {
      await names.claim('dataset', name, createdBy);
      await store.datasets.put({ name, samples, malformed: 0 }, bytes);
    },
  };
}

/** What the settings name, else the model that is trained. */
async function readBase(store: Store, ref: string, model: string): Promise<{ ref: string; bytes: Uint8Array }> {
  const row = await store.models.get(ref === '' ? model : ref);
  if (!row)
    throw new AppError('not-found', `There is no model ${quoted(ref === '' ? model : ref)} to start from; set base`);
  return { ref: modelRef(row), bytes: await store.models.read(modelRef(row)) };
}
