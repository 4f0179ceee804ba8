import type { CallContext } from 'nice-grpc';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { makeCounters, type EvaluatorMetrics } from '../../../../src/evaluator/metrics.js';
import { WaitingTimes } from '../../../../src/evaluator/waiting-times.js';
import { Calibration } from '../../../../src/proto/tengen/v1/model.js';
import { WatchServerResponse } from '../../../../src/proto/tengen/v1/monitor.js';
import type { PendingCalibration } from '../../../../src/server/models/quantizer.js';
import type { SearchFigures } from '../../../../src/server/search/search-figures.js';
import { makeMonitorService } from '../../../../src/server/services/monitor-service.js';

const START_MS = 1_764_000_000_000;
const gauges = { batchFill: 0, pending: 0, loadedVersions: 1, threads: 2, waiting: new WaitingTimes().counts() };

beforeEach(() => void vi.useFakeTimers({ now: START_MS }));
afterEach(() => void vi.useRealTimers());

/** The service over figures that a test sets, and a call of it. */
function watch(intervalMs: number) {
  const seen = {
    metrics: { ...makeCounters(), ...gauges } as EvaluatorMetrics,
    searches: {
      games: 0,
      searches: 0,
      evaluations: 0,
      treeBytes: 0,
      treeBytesAllowed: 1000,
      threads: 0,
      threadDeaths: 0,
    } as SearchFigures,
    calibrations: [] as readonly PendingCalibration[],
    workers: [] as { name: string; games: number; leases: number; connectedAtMs: number; storedGames: number }[],
  };
  const service = makeMonitorService({
    evaluator: { metrics: () => seen.metrics },
    selfPlay: { workers: () => seen.workers },
    searchGames: {
      get figures() {
        return seen.searches;
      },
    },
    quantizer: {
      get calibrations() {
        return seen.calibrations;
      },
    },
    maxBatch: 64,
    now: () => Date.now(),
  });
  const left = new AbortController();
  const context = { signal: left.signal } as CallContext;
  const answers = service.watchServer({ intervalMs }, context) as AsyncGenerator<WatchServerResponse>;
  return { seen, left, answers };
}

it('the first answer comes at once and covers no time, the next one what happened since', async () => {
  const { seen, left, answers } = watch(500);
  const first = (await answers.next()).value as WatchServerResponse;
  expect(first).toMatchObject({ timeMs: START_MS, workers: [] });
  expect(first.evaluator).toMatchObject({ evaluationsPerSecond: 0, positionsPerBatch: 0, maxBatch: 64, pending: 0 });

  seen.metrics = { ...seen.metrics, requests: 3, evaluations: 100, batches: 4, pending: 7 };
  const worker = { name: 'w1', games: 8, leases: 5, connectedAtMs: START_MS, storedGames: 2 };
  seen.workers = [worker];
  seen.searches = { ...seen.searches, games: 3, searches: 2, evaluations: 400, treeBytes: 700, threads: 1 };
  seen.calibrations = [
    { ref: 'go@1', calibration: 'waits', isHeld: true },
    { ref: 'go@2', calibration: 'waits', isHeld: false },
  ];
  const next = answers.next();
  await vi.advanceTimersByTimeAsync(499);
  expect(await Promise.race([next, Promise.resolve('not yet')])).toBe('not yet');
  await vi.advanceTimersByTimeAsync(1);
  const second = (await next).value as WatchServerResponse;
  expect(second).toMatchObject({ timeMs: START_MS + 500, workers: [worker] });
  expect(second.evaluator).toMatchObject({ requests: 3, evaluationsPerSecond: 200, positionsPerBatch: 25, pending: 7 });
  const searches = {
    games: 3,
    searches: 2,
    evaluationsPerSecond: 800,
    treeBytes: 700,
    treeBytesAllowed: 1000,
    threads: 1,
  };
  expect(second.searches).toEqual(searches);
  expect(second.calibrations).toEqual([
    { modelVersion: 'go@1', calibration: Calibration.WAITS, waitsForQuiet: true },
    { modelVersion: 'go@2', calibration: Calibration.WAITS, waitsForQuiet: false },
  ]);
  // It has every field of the message, so that nothing is lost on the way.
  expect(WatchServerResponse.decode(WatchServerResponse.encode(second).finish())).toEqual(second);
  left.abort();
  expect(await answers.next()).toEqual({ done: true, value: undefined });
});

it('answers every second where no interval is named', async () => {
  const { answers } = watch(0);
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const next = answers.next();
    await vi.advanceTimersByTimeAsync(i === 0 ? 0 : 1000);
    times.push(((await next).value as WatchServerResponse).timeMs - START_MS);
  }
  expect(times).toEqual([0, 1000, 2000]);
});

it('ends as soon as the caller leaves, and leaves no timer', async () => {
  const { left, answers } = watch(60_000);
  await answers.next();
  const next = answers.next();
  await vi.advanceTimersByTimeAsync(10);
  left.abort();
  expect(await next).toEqual({ done: true, value: undefined });
  expect(vi.getTimerCount()).toBe(0);
});

it.each([1, 99, 60_001])('refuses an interval of %i ms, and says which are allowed', async (intervalMs) => {
  const { answers } = watch(intervalMs);
  await expect(answers.next()).rejects.toMatchObject({
    kind: 'invalid-argument',
    message: `interval_ms is ${intervalMs}; it must be 0 or from 100 to 60000`,
  });
});
