/** MonitorService: the figures of the evaluator and the workers that are connected, again and again. */

import type { CallContext } from 'nice-grpc';
import { check } from '../../core/errors.js';
import { delay } from '../../core/signals.js';
import {
  MonitorServiceDefinition,
  type MonitorServiceImplementation,
  type WatchServerResponse,
} from '../../proto/tengen/v1/monitor.js';
import { metricsSince, type MetricsSource } from '../metrics.js';
import type { Parts } from '../parts.js';
import type { SelfPlay } from '../self-play/self-play-service.js';
import { service, type Service } from '../transport/service.js';

const DEFAULT_INTERVAL_MS = 1000;
const SHORTEST_INTERVAL_MS = 100;
const LONGEST_INTERVAL_MS = 60_000;

export interface MonitorOptions {
  readonly evaluator: MetricsSource;
  readonly selfPlay: Pick<SelfPlay, 'workers'>;
  /** Most positions of a batch. */
  readonly maxBatch: number;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
}

export function composeMonitor({ config, evaluator }: Parts, selfPlay: SelfPlay): Service {
  const options = { evaluator, selfPlay, maxBatch: config.maxBatch, now: Date.now };
  return service(MonitorServiceDefinition, makeMonitorService(options));
}

export function makeMonitorService(options: MonitorOptions): MonitorServiceImplementation {
  const { evaluator, selfPlay, maxBatch, now } = options;
  return {
    async *watchServer({ intervalMs }, { signal }: CallContext): AsyncGenerator<WatchServerResponse> {
      check(
        intervalMs === 0 || (intervalMs >= SHORTEST_INTERVAL_MS && intervalMs <= LONGEST_INTERVAL_MS),
        () => `interval_ms is ${intervalMs}; it must be 0 or from ${SHORTEST_INTERVAL_MS} to ${LONGEST_INTERVAL_MS}`,
      );
      let last = evaluator.metrics();
      let lastMs = now();
      while (!signal.aborted) {
        const metrics = evaluator.metrics();
        const timeMs = now();
        const figures = metricsSince(last, metrics, timeMs - lastMs);
        [last, lastMs] = [metrics, timeMs];
        yield { timeMs, evaluator: { ...figures, maxBatch }, workers: [...selfPlay.workers()] };
        await delay(intervalMs || DEFAULT_INTERVAL_MS, signal).catch(() => undefined);
      }
    },
  };
}
