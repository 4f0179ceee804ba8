/** MonitorService: the figures of the evaluator and of searches, the workers and the calibrations, again and again. */

import type { CallContext } from 'nice-grpc';
import { check } from '../../core/errors.js';
import { delay } from '../../core/signals.js';
import {
  MonitorServiceDefinition,
  type MonitorServiceImplementation,
  type SearchFigures as WireSearchFigures,
  type WatchServerResponse,
} from '../../proto/tengen/v1/monitor.js';
import { metricsSince, type MetricsSource } from '../metrics.js';
import type { Quantizer } from '../models/quantizer.js';
import type { Parts } from '../parts.js';
import type { SearchFigures } from '../search/search-figures.js';
import type { SearchGames } from '../search/search-games.js';
import type { SelfPlay } from '../self-play/self-play-service.js';
import { service, type Service } from '../transport/service.js';
import { wireCalibrations } from './model-message.js';

const DEFAULT_INTERVAL_MS = 1000;
const SHORTEST_INTERVAL_MS = 100;
const LONGEST_INTERVAL_MS = 60_000;

export interface MonitorOptions {
  readonly evaluator: MetricsSource;
  readonly selfPlay: Pick<SelfPlay, 'workers'>;
  readonly searchGames: Pick<SearchGames, 'figures'>;
  readonly quantizer: Pick<Quantizer, 'calibrations'>;
  /** Most positions of a batch. */
  readonly maxBatch: number;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
}

export function composeMonitor(parts: Parts, selfPlay: SelfPlay, searchGames: SearchGames): Service {
  const { config, evaluator, quantizer } = parts;
  const options = { evaluator, selfPlay, searchGames, quantizer, maxBatch: config.maxBatch, now: Date.now };
  return service(MonitorServiceDefinition, makeMonitorService(options));
}

export function makeMonitorService(options: MonitorOptions): MonitorServiceImplementation {
  const { evaluator, selfPlay, searchGames, quantizer, maxBatch, now } = options;
  return {
    async *watchServer({ intervalMs }, { signal }: CallContext): AsyncGenerator<WatchServerResponse> {
      check(
        intervalMs === 0 || (intervalMs >= SHORTEST_INTERVAL_MS && intervalMs <= LONGEST_INTERVAL_MS),
        () => `interval_ms is ${intervalMs}; it must be 0 or from ${SHORTEST_INTERVAL_MS} to ${LONGEST_INTERVAL_MS}`,
      );
      let last = { timeMs: now(), metrics: evaluator.metrics(), searches: searchGames.figures };
      while (!signal.aborted) {
        const next = { timeMs: now(), metrics: evaluator.metrics(), searches: searchGames.figures };
        const elapsedMs = next.timeMs - last.timeMs;
        yield {
          timeMs: next.timeMs,
          evaluator: { ...metricsSince(last.metrics, next.metrics, elapsedMs), maxBatch },
          workers: [...selfPlay.workers()],
          searches: searchesSince(last.searches, next.searches, elapsedMs),
          calibrations: quantizer.calibrations.map(({ ref, calibration, isHeld }) => {
            return { modelVersion: ref, calibration: wireCalibrations[calibration], waitsForQuiet: isHeld };
          }),
        };
        last = next;
        await delay(intervalMs || DEFAULT_INTERVAL_MS, signal).catch(() => undefined);
      }
    },
  };
}

function searchesSince(last: SearchFigures, now: SearchFigures, ms: number): WireSearchFigures {
  const { games, searches, treeBytes, treeBytesAllowed, threads } = now;
  const evaluations = now.evaluations - last.evaluations;
  const evaluationsPerSecond = ms === 0 ? 0 : Math.round((evaluations * 1000) / ms);
  return { games, searches, evaluationsPerSecond, treeBytes, treeBytesAllowed, threads };
}
