/** How the server shows what its evaluator does: a line in the log now and then, and Prometheus text on loopback. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { AppError } from '../core/errors.js';
import { formatPrometheus, type EvaluatorMetrics } from '../evaluator/metrics.js';
import { waitingQuantileMs } from '../evaluator/waiting-times.js';

/** Anything with an evaluator's counters. */
export interface MetricsSource {
  metrics(): EvaluatorMetrics;
}

/** Logs what happened since the last line, every `everyMs` in which anything did; returns how to stop. */
export function logMetrics(source: MetricsSource, logger: Logger, everyMs: number): () => void {
  let last = source.metrics();
  const timer = setInterval(() => {
    const now = source.metrics();
    if (now.requests !== last.requests || now.refused !== last.refused) {
      logger.info(metricsSince(last, now, everyMs), 'evaluator');
    }
    last = now;
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** What the evaluator did between two readings: rates, means and counts, and the gauges of the later one. */
export type MetricsSince = Readonly<
  Record<
    | 'requests'
    | 'evaluationsPerSecond'
    | 'positionsPerBatch'
    | 'queueMs'
    | 'queueMs99'
    | 'computeMsPerBatch'
    | 'cacheHitShare'
    | 'refused'
    | 'failed'
    | 'pending'
    | 'loadedVersions'
    | 'threads',
    number
  >
>;

/** Rates and means between two readings `ms` apart; times are milliseconds. */
export function metricsSince(last: EvaluatorMetrics, now: EvaluatorMetrics, ms: number): MetricsSince {
  const grown = (key: Exclude<keyof EvaluatorMetrics, 'waiting'>): number => now[key] - last[key];
  const mean = (sum: number, count: number): number => (count === 0 ? 0 : Math.round((sum / count) * 100) / 100);
  const evaluations = grown('evaluations');
  const waited = now.waiting.map((count, i) => count - last.waiting[i]!);
  const lookups = grown('cacheHits') + grown('cacheMisses');
  return {
    requests: grown('requests'),
    evaluationsPerSecond: mean(evaluations * 1000, ms),
    positionsPerBatch: mean(evaluations, grown('batches')),
    queueMs: mean(grown('queueMicros') / 1000, evaluations),
    queueMs99: mean(waitingQuantileMs(waited, 0.99), 1),
    computeMsPerBatch: mean(grown('computeMicros') / 1000, grown('batches')),
    cacheHitShare: mean(grown('cacheHits'), lookups),
    refused: grown('refused'),
    failed: grown('failed'),
    pending: now.pending,
    loadedVersions: now.loadedVersions,
    threads: now.threads,
  };
}

export interface MetricsServer {
  /** The port that was bound. */
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves `GET /metrics` on 127.0.0.1.
 *
 * @param port 0 takes a free one
 * @param more text of others in the format of Prometheus, made at every request
 * @throws AppError 'unavailable' if the port cannot be bound
 */
export async function serveMetrics(
  source: MetricsSource,
  port: number,
  more: () => string = () => '',
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Only GET /metrics is here\n');
      return;
    }
    const text = formatPrometheus(source.metrics()) + more();
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new AppError('unavailable', `Cannot serve metrics on 127.0.0.1:${port}: ${error.message}`, { cause: error }),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
