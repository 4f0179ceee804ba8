import { pino } from 'pino';
import { expect, it } from 'vitest';
import { formatPrometheus, makeCounters, type EvaluatorMetrics } from '../../../src/evaluator/metrics.js';
import { waitingQuantileMs, WaitingTimes } from '../../../src/evaluator/waiting-times.js';
import { logMetrics, metricsSince, serveMetrics } from '../../../src/server/metrics.js';

const noWaiting = new WaitingTimes().counts();
const zero: EvaluatorMetrics = {
  ...makeCounters(),
  batchFill: 0,
  pending: 0,
  loadedVersions: 1,
  threads: 2,
  waiting: noWaiting,
};
const waiting = new WaitingTimes();
waiting.add(2000, 297);
waiting.add(40_000, 3);
const later: EvaluatorMetrics = {
  ...zero,
  requests: 12,
  evaluations: 300,
  batches: 6,
  queueMicros: 600_000,
  computeMicros: 60_000,
  cacheHits: 100,
  cacheMisses: 300,
  pending: 7,
  batchFill: 0.78125,
  waiting: waiting.counts(),
};

it('means and rates are those of the time between', () => {
  expect(metricsSince(zero, later, 2000)).toMatchObject({
    requests: 12,
    evaluationsPerSecond: 150,
    positionsPerBatch: 50,
    queueMs: 2,
    computeMsPerBatch: 10,
    cacheHitShare: 0.25,
    pending: 7,
    loadedVersions: 1,
    threads: 2,
  });
  expect(metricsSince(later, later, 2000)).toMatchObject({ evaluationsPerSecond: 0, queueMs: 0, cacheHitShare: 0 });
});

it('Prometheus text names every counter and gauge, each with its type', () => {
  const lines = formatPrometheus(later).trimEnd().split('\n');
  const histogram = later.waiting.length + 3;
  expect(lines).toHaveLength(2 * (Object.keys(later).length - 1) + histogram);
  expect(lines.at(-1)).toBe('tengen_evaluator_queue_seconds_count 300');
  expect(lines.filter((line) => line.endsWith('} 297')).length).toBeGreaterThan(0);
  expect(lines).toContain('# TYPE tengen_evaluator_queue_micros_total counter');
  expect(lines).toContain('tengen_evaluator_queue_micros_total 600000');
  expect(lines).toContain('# TYPE tengen_evaluator_batch_fill gauge');
  expect(lines).toContain('tengen_evaluator_batch_fill 0.78125');
});

it('metrics are served on loopback, and nothing else is', async () => {
  const server = await serveMetrics({ metrics: () => later }, 0);
  try {
    const url = `http://127.0.0.1:${String(server.port)}`;
    expect(await (await fetch(`${url}/metrics`)).text()).toBe(formatPrometheus(later));
    expect((await fetch(`${url}/other`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(404);
    await expect(serveMetrics({ metrics: () => later }, server.port)).rejects.toMatchObject({ kind: 'unavailable' });
  } finally {
    await server.close();
  }
});

it('the log gets a line when something happened and none when nothing did', async () => {
  const lines: string[] = [];
  const logger = pino({}, { write: (line: string) => lines.push(line) });
  let asked = 0;
  const metrics = (): EvaluatorMetrics => (asked++ === 0 ? zero : later);
  const stop = logMetrics({ metrics }, logger, 1);
  while (asked < 5) await new Promise((resolve) => setTimeout(resolve, 1));
  stop();
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({ msg: 'evaluator', requests: 12 });
});

it('quantiles of waiting times are within the limits that they were counted by', () => {
  const times = new WaitingTimes();
  for (let micros = 1; micros <= 100_000; micros += 7) times.add(micros, 2);
  const counts = times.counts();
  for (const share of [0.5, 0.9, 0.99]) {
    expect(waitingQuantileMs(counts, share) / (100 * share)).toBeGreaterThan(1 / 1.5);
    expect(waitingQuantileMs(counts, share) / (100 * share)).toBeLessThan(1.5);
  }
  expect(waitingQuantileMs(noWaiting, 0.5)).toBe(0);
  times.add(1e12, 1e9);
  expect(waitingQuantileMs(times.counts(), 0.99)).toBeGreaterThan(300_000);
});
