/** What the services of a server have in common. */

import { join } from 'node:path';
import type { Logger } from 'pino';
import { engineOf, type EngineSettings } from '../engine/engine-settings.js';
import type { Evaluator } from '../evaluator/evaluator.js';
import { openSqliteStore } from '../store/sqlite/sqlite-store.js';
import type { Store } from '../store/store.js';
import { threadUrl } from '../threads/thread-url.js';
import { Names } from './access/names.js';
import { Quotas } from './access/quotas.js';
import { MEGABYTE, type CheckedConfig } from './config.js';
import { logMetrics } from './metrics.js';
import type { Quantizer } from './models/quantizer.js';
import { openEvaluator } from './models/served-models.js';
import { closePools, openPools, type Pools } from './transport/pools.js';
import { Uploads } from './transport/receive-upload.js';

/** How often the evaluator's figures go to the log while it works, in milliseconds. */
const METRICS_EVERY_MS = 60_000;

/** What a server is made from. */
export interface PartsOptions extends CheckedConfig {
  readonly logger: Logger;
  /** Computes everything; the one of the settings if not given. */
  readonly engine?: EngineSettings | undefined;
}

export interface Parts extends CheckedConfig {
  readonly engine: EngineSettings;
  readonly logger: Logger;
  readonly store: Store;
  readonly evaluator: Evaluator;
  readonly quantizer: Quantizer;
  /** To be called after the promoted version of a model, or the default model, changed. */
  readonly promoted: () => void;
  readonly names: Names;
  readonly quotas: Quotas;
  readonly uploads: Uploads;
  readonly pools: Pools;
  /** To be called when nothing uses the parts any more. */
  close(): Promise<void>;
}

/** @throws AppError if the data directory or the engine cannot be used */
export async function openParts(options: PartsOptions): Promise<Parts> {
  const { config, callers, clientQuotas, logger, engine = engineOf(config) } = options;
  const store = await openSqliteStore({
    dataDir: config.dataDir,
    now: Date.now,
    thread: threadUrl(import.meta.url, '../store/sqlite/thread.js'),
    warn: (event, fields) => logger.warn(fields, event),
  });
  const { evaluator, quantizer } = openEvaluator(store, { ...config, ...engine }, logger);
  const stopLogging = logMetrics(evaluator, logger, METRICS_EVERY_MS);
  const pools = openPools();
  return {
    ...options,
    engine,
    store,
    evaluator,
    quantizer,
    promoted: () => void evaluator.refresh(),
    names: new Names(store.names, callers),
    quotas: new Quotas(callers, clientQuotas),
    uploads: new Uploads({
      folder: join(config.dataDir, 'uploads'),
      maxBytes: config.maxUploadsMegabytes * MEGABYTE,
      stallMs: config.uploadStallSeconds * 1000,
    }),
    pools,
    async close() {
      await closePools(pools);
      stopLogging();
      await quantizer.close();
      await evaluator.close();
      await store.close();
    },
  };
}
