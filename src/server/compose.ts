/** The one place that wires everything: store, jobs, leases, evaluator, and the services over them. */

import { refOf } from '../core/refs.js';
import { join } from 'node:path';
import type { CompatServiceDefinition, ServiceImplementation } from 'nice-grpc';
import type { Logger } from 'pino';
import { AccessServiceDefinition } from '../proto/tengen/v1/access.js';
import { DatasetServiceDefinition } from '../proto/tengen/v1/dataset.js';
import { GrowthServiceDefinition } from '../proto/tengen/v1/growth.js';
import { engineOf, type EngineSettings } from '../engine/engine-settings.js';
import { Evaluator } from '../evaluator/evaluator.js';
import { ThreadPool } from '../threads/pool.js';
import { threadUrl } from '../threads/thread-url.js';
import type { ServedModels } from '../evaluator/model-source.js';
import { JobServiceDefinition } from '../proto/tengen/v1/job.js';
import { MonitorServiceDefinition } from '../proto/tengen/v1/monitor.js';
import { ModelServiceDefinition } from '../proto/tengen/v1/model.js';
import { makeReward } from '../rewards/make-reward.js';
import { findSandbox, type Sandbox } from '../rewards/sandbox.js';
import { alphaZeroKind } from '../trainer/alphazero/kind.js';
import { growKind } from '../trainer/grow/job.js';
import { rftKind } from '../trainer/rft/job.js';
import { sftKind } from '../trainer/sft/job.js';
import { openSqliteStore } from '../store/sqlite/sqlite-store.js';
import type { Store } from '../store/store.js';
import { AppError } from '../core/errors.js';
import { quoted } from '../core/quoted.js';
import { makeAccessService } from './services/access-service.js';
import type { CheckedConfig, ServerConfig } from './config.js';
import { curriculumService } from './services/curriculum-service.js';
import { makeDatasetService } from './services/dataset-service.js';
import { evaluatorService, makeEvaluatorService } from './services/evaluator-service.js';
import { Generator } from '../generator/generator.js';
import { generationService, makeGenerationService } from './services/generation-service.js';
import { gameService, makeGameService } from './services/game-service.js';
import { makeGrowthService } from './services/growth-service.js';
import { inferenceService } from './services/infer-message.js';
import { makeInferenceService } from './services/inference-service.js';
import { makeJobService } from './services/job-service.js';
import { connectReward } from './external-reward.js';
import { jobWorld } from './job-world.js';
import { JobRunner } from './jobs.js';
import { logMetrics, serveMetrics } from './services/metrics.js';
import { languageInference } from './services/language-inference.js';
import { makeModelService } from './services/model-service.js';
import { branchingService, schedulingService } from './services/method-services.js';
import { makeMonitorService } from './services/monitor-service.js';
import { Names } from './access/names.js';
import { packageVersion } from './package-root.js';
import { Quantizer } from './models/quantizer.js';
import { Quotas } from './access/quotas.js';
import { Uploads } from './transport/receive-upload.js';
import { LeaseBook } from './self-play/lease-book.js';
import { makeSelfPlayService } from './self-play/self-play-service.js';
import { selfPlayService } from './self-play/work-message.js';
import { openVocabulary } from './services/tokenizing.js';

/** How often the evaluator's figures go to the log while it works, in milliseconds. */
const METRICS_EVERY_MS = 60_000;
/** In bytes, as settings count. */
const MEGABYTE = 1024 * 1024;

/** Threads for what clients have computed, beside those of networks, and the calls that may wait for one. */
const WORK_THREADS = 2;
const MOST_WAITING = 32;
const MOST_MESSAGES = 256;
/** Texts that wait to be made into tokens. */
const MOST_TEXTS = 1024;
/** Curricula at once, each in a thread of its own. */
const MOST_CURRICULA = 16;

/** A service and who carries it out. */
export interface Service<Definition extends CompatServiceDefinition = CompatServiceDefinition> {
  readonly definition: Definition;
  readonly implementation: ServiceImplementation<Definition>;
}

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

/**
 * @param engine that computes everything; the one of the settings if not given
 * @throws AppError if the data directory, the engine or the port for metrics cannot be used
 */
export async function compose(
  checked: CheckedConfig,
  logger: Logger,
  engine: EngineSettings = engineOf(checked.config),
): Promise<Composition> {
  const { config } = checked;
  const store = await openSqliteStore({
    dataDir: config.dataDir,
    now: Date.now,
    thread: threadUrl(import.meta.url, '../store/sqlite/thread.js'),
    warn: (event, fields) => logger.warn(fields, event),
  });
  const { evaluator, quantizer } = composeEvaluator({ ...config, ...engine }, logger, store);
  const stopLogging = logMetrics(evaluator, logger, METRICS_EVERY_MS);
  const close = async (): Promise<void> => {
    stopLogging();
    await quantizer.close();
    await evaluator.close();
    await store.close();
  };
  try {
    return await composeServices({ ...checked, engine, logger, store, evaluator, close });
  } catch (error) {
    await close();
    throw error;
  }
}

interface Parts extends CheckedConfig {
  readonly engine: EngineSettings;
  readonly logger: Logger;
  readonly store: Store;
  readonly evaluator: Evaluator;
  readonly close: () => Promise<void>;
}

async function composeServices(parts: Parts): Promise<Composition> {
  const { config, callers, engine, logger, store, evaluator, close } = parts;
  const promoted = (): void => void evaluator.refresh();
  await evaluator.ready();
  // Measured before anybody waits for it; where there is no model yet, or none that plays Go, with the first that is used.
  if (config.threads === 0) {
    await evaluator.describe('').catch((error: unknown) => logger.info({ err: error }, 'threads-not-measured-yet'));
  }
  const world = jobWorld(store, engine, promoted);
  const sandbox = config.allowCommands ? await sandboxOf(logger) : undefined;
  const kinds = [
    alphaZeroKind(world),
    growKind(world),
    rftKind(world, (settings) => makeReward(settings, { connect: connectReward, sandbox })),
    sftKind(world),
  ];
  const uploads = composeUploads(config);
  const jobs = new JobRunner({ store, kinds, logger, now: Date.now });
  const leaseMs = config.leaseSeconds * 1000;
  const book = await LeaseBook.open(store.leases, jobs, { now: Date.now, leaseMs });
  const pools = composePools();
  const { work, files, messages, tokenizing, curricula } = pools;
  const selfPlay = makeSelfPlayService({ book, source: jobs, store, logger, messages });
  const generator = composeGenerator(parts, tokenizing);
  const names = new Names(store.names, callers);
  const shared = { names, uploads, work: files };
  const quotas = new Quotas(callers, parts.clientQuotas);
  const metrics = config.metricsPort === 0 ? undefined : await serveMetrics(evaluator, config.metricsPort, quotas);
  const sweeping = setInterval(() => selfPlay.sweep(), Math.min(1000, leaseMs / 4));
  return {
    services: [
      service(AccessServiceDefinition, makeAccessService(store.names, callers)),
      branchingService(work),
      curriculumService(curricula),
      service(DatasetServiceDefinition, composeDatasets(config, store, shared)),
      service(evaluatorService, makeEvaluatorService(evaluator, logger, quotas)),
      service(gameService, makeGameService(store, work)),
      service(generationService, makeGenerationService(generator, tokenizing)),
      service(GrowthServiceDefinition, composeGrowth(config, { engine, uploads, work })),
      service(inferenceService, composeInference({ evaluator, generator, store, quotas, messages })),
      service(JobServiceDefinition, makeJobService(jobs, names)),
      service(ModelServiceDefinition, composeModels(config, { ...parts, ...shared }, promoted)),
      service(
        MonitorServiceDefinition,
        makeMonitorService({ evaluator, selfPlay, maxBatch: config.maxBatch, now: Date.now }),
      ),
      schedulingService(work),
      service(selfPlayService, selfPlay.service),
    ],
    resumeJobs: () => jobs.resumeAll(),
    stopJobs: () => jobs.close(),
    async close() {
      clearInterval(sweeping);
      await metrics?.close();
      await jobs.close();
      await generator.close();
      await Promise.all(Object.values(pools).map((pool) => pool.close()));
      await close();
    },
  };
}

/** Threads for what clients send. */
function composePools(): Readonly<Record<'work' | 'files' | 'messages' | 'tokenizing' | 'curricula', ThreadPool>> {
  return {
    work: new ThreadPool({ name: 'work', threads: WORK_THREADS, waiting: MOST_WAITING }),
    // Apart, so that files, which may take minutes, keep no other calls waiting.
    files: new ThreadPool({ name: 'files', threads: WORK_THREADS, waiting: MOST_WAITING }),
    // Of ModelInfer and Work, each of some megabytes at most and read in seconds.
    messages: new ThreadPool({ name: 'messages', threads: WORK_THREADS, waiting: MOST_MESSAGES }),
    tokenizing: new ThreadPool({ name: 'tokenizing', threads: WORK_THREADS, waiting: MOST_TEXTS }),
    curricula: new ThreadPool({ name: 'curriculum', threads: MOST_CURRICULA, waiting: 0 }),
  };
}

/** What programs of jobs run behind on this system; the log says how far it keeps them from the server. */
async function sandboxOf(logger: Logger): Promise<Sandbox> {
  const sandbox = await findSandbox();
  if (sandbox.walls.length > 0) logger.info({ walls: sandbox.walls }, 'commands-allowed');
  else logger.warn({ walls: [] }, 'commands-allowed-with-the-rights-of-the-server');
  return sandbox;
}

/** Keeps the types of a service together on the way into a list of different ones. */
function service<Definition extends CompatServiceDefinition>(
  definition: Definition,
  implementation: ServiceImplementation<Definition>,
): Service {
  return { definition, implementation };
}

function composeEvaluator(
  config: Omit<ServerConfig, keyof EngineSettings> & EngineSettings,
  logger: Logger,
  store: Store,
): { readonly evaluator: Evaluator; readonly quantizer: Quantizer } {
  const reload = (ref: string): Promise<void> => evaluator.reload(ref);
  const quantizer = new Quantizer({ store, engine: engineOf(config), reload, logger });
  const source = { ...modelsOf(store), ranges: (ref: string) => quantizer.ranges(ref) };
  const evaluator = new Evaluator(source, config, (event, fields) => logger.info(fields, event));
  return { evaluator, quantizer };
}

function composeGenerator({ config, engine, store }: Parts, tokenizing: ThreadPool): Generator {
  const settings = {
    engine,
    cacheBytes: config.generatorMegabytes * MEGABYTE,
    maxWaiting: config.generatorWaiting,
    prefillTokens: config.generatorPrefill,
    loadedModels: config.generatorModels,
  };
  return new Generator(modelsOf(store), settings, (model, signal) => openVocabulary(tokenizing, model, signal));
}

function modelsOf(store: Store): ServedModels {
  return {
    async resolve(name) {
      const row = await store.models.get(name);
      if (row) return refOf(row);
      throw new AppError('not-found', name === '' ? 'There is no model yet' : `There is no model ${quoted(name)}`);
    },
    read: (ref) => store.models.read(ref),
  };
}

interface InferenceParts extends Pick<Parts, 'evaluator' | 'store'> {
  readonly messages: ThreadPool;
  readonly generator: Generator;
  readonly quotas: Quotas;
}

function composeInference(parts: InferenceParts): ReturnType<typeof makeInferenceService> {
  const { evaluator, generator, store, quotas, messages } = parts;
  return makeInferenceService(evaluator, {
    quotas,
    messages,
    language: languageInference(generator, async (ref) => {
      const architecture = JSON.parse((await store.models.get(ref))?.architectureJson ?? '{}') as { kind?: string };
      return architecture.kind === 'transformer';
    }),
    serverVersion: packageVersion(),
    versions: async (name) => (await store.models.list(name)).map(({ version }) => version),
  });
}

function composeModels(
  config: ServerConfig,
  { logger, store, evaluator, names, uploads, work }: Pick<Parts, 'logger' | 'store' | 'evaluator'> & Shared,
  promoted: () => void,
): ReturnType<typeof makeModelService> {
  return makeModelService({
    models: store.models,
    names,
    uploads,
    work,
    importDir: config.importDir,
    maxBytes: config.maxModelMegabytes * MEGABYTE,
    promoted,
    precisionChanged(name) {
      evaluator.reload(name).catch((err: unknown) => logger.error({ err, name }, 'model-not-reloaded'));
    },
  });
}

/** What services have in common that write what clients send. */
interface Shared {
  readonly names: Names;
  readonly uploads: Uploads;
  readonly work: ThreadPool;
}

function composeDatasets(
  { maxDatasetMegabytes }: ServerConfig,
  { datasets }: Store,
  shared: Shared,
): ReturnType<typeof makeDatasetService> {
  return makeDatasetService({ datasets, ...shared, maxBytes: maxDatasetMegabytes * MEGABYTE });
}

function composeGrowth(
  { maxModelMegabytes }: ServerConfig,
  shared: Pick<Shared, 'uploads' | 'work'> & Pick<Parts, 'engine'>,
): ReturnType<typeof makeGrowthService> {
  return makeGrowthService({ ...shared, maxBytes: maxModelMegabytes * MEGABYTE });
}

function composeUploads({ dataDir, maxUploadsMegabytes, uploadStallSeconds }: ServerConfig): Uploads {
  return new Uploads({
    folder: join(dataDir, 'uploads'),
    maxBytes: maxUploadsMegabytes * MEGABYTE,
    stallMs: uploadStallSeconds * 1000,
  });
}
