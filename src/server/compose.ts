/** The one place that wires everything: the parts that services share, the kinds of jobs, and the services. */

import { alphaZeroKind } from '../trainer/alphazero/kind.js';
import { growKind } from '../trainer/grow/job.js';
import { rftKind } from '../trainer/rft/job.js';
import { sftKind } from '../trainer/sft/job.js';
import { jobRewards } from './job-rewards.js';
import { jobWorld } from './job-world.js';
import { JobRunner } from './jobs.js';
import { formatCalibrations } from './models/quantizer.js';
import { serveMetrics } from './metrics.js';
import { formatQuotas } from './access/quotas.js';
import { openParts, type Parts, type PartsOptions } from './parts.js';
import { formatSearchFigures } from './search/search-figures.js';
import { composeSearch, openSearchGames } from './search/search-service.js';
import { composeSelfPlay, openSelfPlay } from './self-play/self-play-service.js';
import { composeAccess } from './services/access-service.js';
import { composeCurriculum } from './services/curriculum-service.js';
import { composeDatasets } from './services/dataset-service.js';
import { composeEvaluation } from './services/evaluator-service.js';
import { composeGames } from './services/game-service.js';
import { composeGeneration, openGenerator } from './services/generation-service.js';
import { composeGrowth } from './services/growth-service.js';
import { composeInference } from './services/inference-service.js';
import { composeJobs } from './services/job-service.js';
import { composeBranching, composeScheduling } from './services/method-services.js';
import { composeModels } from './services/model-service.js';
import { composeMonitor } from './services/monitor-service.js';
import type { Service } from './transport/service.js';

/** Everything that runs behind the gRPC server. */
export interface Composition {
  readonly services: readonly Service[];
  /** Continues the jobs that ran when the server ended; to be called once clients can be served. */
  resumeJobs(): Promise<void>;
  /** Interrupts the jobs, so that streams that follow them end. */
  stopJobs(): Promise<void>;
  /** Ends everything; to be called when no call is left. */
  close(): Promise<void>;
}

/** @throws AppError if the data directory, the engine or the port for metrics cannot be used */
export async function compose(options: PartsOptions): Promise<Composition> {
  const parts = await openParts(options);
  try {
    return await composeServices(parts);
  } catch (error) {
    await parts.close();
    throw error;
  }
}

async function composeServices(parts: Parts): Promise<Composition> {
  const { config, logger, store, engine, evaluator, quantizer, promoted, quotas } = parts;
  await evaluator.ready();
  // Measured before anybody waits for it; where there is no model yet, or none that plays Go, with the first that is used.
  if (config.threads === 0) {
    await evaluator.describe('').catch((error: unknown) => logger.info({ err: error }, 'threads-not-measured-yet'));
  }
  const world = jobWorld(store, engine, promoted);
  const kinds = [alphaZeroKind(world), growKind(world), rftKind(world, await jobRewards(parts)), sftKind(world)];
  const jobs = new JobRunner({ store, kinds, logger, now: Date.now });
  const selfPlay = await openSelfPlay(parts, jobs);
  const generator = openGenerator(parts);
  const searchGames = openSearchGames(parts);
  const more = (): string =>
    formatQuotas(quotas.figures()) + formatCalibrations(quantizer.figures()) + formatSearchFigures(searchGames.figures);
  const metrics = config.metricsPort === 0 ? undefined : await serveMetrics(evaluator, config.metricsPort, more);
  const sweeping = setInterval(() => selfPlay.sweep(), Math.min(1000, (config.leaseSeconds * 1000) / 4));
  return {
    services: [
      composeAccess(parts),
      composeBranching(parts),
      composeCurriculum(parts),
      composeDatasets(parts),
      composeEvaluation(parts),
      composeGames(parts),
      composeGeneration(parts, generator),
      composeGrowth(parts),
      composeInference(parts, generator),
      composeJobs(parts, jobs),
      composeModels(parts),
      composeMonitor(parts, selfPlay, searchGames),
      composeScheduling(parts),
      composeSearch(parts, searchGames),
      composeSelfPlay(selfPlay),
    ],
    resumeJobs: () => jobs.resumeAll(),
    stopJobs: () => jobs.close(),
    async close() {
      clearInterval(sweeping);
      await metrics?.close();
      await jobs.close();
      await searchGames.close();
      await generator.close();
      await parts.close();
    },
  };
}
