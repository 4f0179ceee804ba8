/** The `alphazero` job over the store: its games, checkpoints and models as the job wants to see them. */

import type { EngineSettings } from '../engine/engine-settings.js';
import type { Store } from '../store/store.js';
import { modelRef } from '../store/store.js';
import { decodeCheckpoint } from '../trainer/alphazero/checkpoint.js';
import { readAlphaZeroConfig } from '../trainer/alphazero/config.js';
import { AlphaZeroJob } from '../trainer/alphazero/job.js';
import type { AlphaZeroDependencies, GameSource } from '../trainer/alphazero/ports.js';
import { threadTraining } from '../trainer/alphazero/training-handle.js';
import { decodeGameRecord } from '../wire/game-record.js';
import type { JobContext, JobKind } from './job-kind.js';
import { jobModels } from './job-models.js';
import { ASK, checkSizes, givenSizes, sizesOfNetwork } from './same-architecture.js';

/** Games read from the store at once. */
const PAGE = 200;

/**
 * @param engine what the jobs train with
 * @param promoted called after the promoted version of a model changed
 */
export function alphaZeroKind(store: Store, engine: EngineSettings, promoted: () => void): JobKind {
  return {
    kind: 'alphazero',
    readConfig: readAlphaZeroConfig,
    async checkModel({ model, settings, jobId }) {
      const row = await store.models.get(model);
      if (!row) return;
      const kept = jobId === undefined ? undefined : await store.checkpoints.load(jobId);
      if (kept) {
        const { growAfter } = readAlphaZeroConfig(settings);
        const sizes = sizesOfNetwork(decodeCheckpoint(kept).architecture);
        if (growAfter === 0) checkSizes(row, sizes, "the job's checkpoint has");
      } else if (jobId === undefined) {
        checkSizes(row, givenSizes(settings, ['network', 'features', 'blocks', 'channels']), ASK);
      }
    },
    async create(context: JobContext) {
      const { jobId, model, config, progress, workChanged } = context;
      const known = await store.models.get(model);
      const initialModel = known && (await store.models.read(modelRef(known)));
      const dependencies: AlphaZeroDependencies = {
        jobId,
        model,
        ...(initialModel && { initialModel }),
        games: gamesOf(store, jobId),
        checkpoints: {
          load: () => store.checkpoints.load(jobId),
          save: (step, bytes) => store.checkpoints.save(jobId, step, bytes),
        },
        models: { ...jobModels(store, context, promoted), rate: (ratings) => store.models.rate(ratings) },
        progress,
        workChanged,
        now: Date.now,
      };
      const job = new AlphaZeroJob(readAlphaZeroConfig(config), dependencies, threadTraining(engine));
      return {
        start: () => job.start(),
        cancel: () => job.cancel(),
        finished: job.finished,
        selfPlay: job,
      };
    },
  };
}

function gamesOf(store: Store, jobId: string): GameSource {
  return {
    async *games(after, options) {
      for (let last = after; ;) {
        const page = await store.games.after(jobId, last, PAGE);
        for (const { sequence, bytes } of page) {
          if (options?.signal?.aborted) return;
          yield { sequence, record: decodeGameRecord(bytes) };
          last = sequence;
        }
        if (page.length < PAGE) return;
      }
    },
  };
}
