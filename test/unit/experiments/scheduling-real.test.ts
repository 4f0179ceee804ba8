import { describe, expect, test } from 'vitest';

import { describePairs } from '../../../experiments/scheduling/paired.js';
import { traceEvents } from '../../../experiments/scheduling/trace.js';

describe('times of two arms', () => {
  test('are compared batch by batch', () => {
    const base = new Map([1, 2, 3, 4, 5].map((i) => [i, 10 * i]));
    const arm = new Map([1, 2, 3, 4].map((i) => [i, 5 * i]));
    expect(describePairs(base, arm)).toEqual({ ratio: 2, low: 2, high: 2 });
    const { ratio, low, high } = describePairs(base, new Map([1, 2, 3, 4, 5].map((i) => [i, 10])));
    expect([low, ratio, high]).toEqual([1, 3, 5]);
  });
});

test('a trace has a process for the policy, a thread for each rank and an event for each span', () => {
  const time = (startMs: number) => ({
    localMs: 2,
    waitingMs: 0,
    distributedMs: 0,
    tokens: 5,
    spans: [{ activity: 'local' as const, startMs, endMs: startMs + 2 }],
  });
  const events = traceEvents(3, 'skrull', {
    loss: 1,
    gradientNorm: 1,
    updateMs: 1,
    times: [[time(100)], [time(101), time(104)]],
  });
  expect(events).toContainEqual({ name: 'process_name', ph: 'M', pid: 3, args: { name: 'skrull' } });
  expect(events.filter((event) => 'ts' in event)).toEqual([
    { name: 'local', cat: 'rank', ph: 'X', pid: 3, tid: 0, ts: 0, dur: 2000, args: { microStep: 0, tokens: 5 } },
    { name: 'local', cat: 'rank', ph: 'X', pid: 3, tid: 1, ts: 1000, dur: 2000, args: { microStep: 0, tokens: 5 } },
    { name: 'local', cat: 'rank', ph: 'X', pid: 3, tid: 1, ts: 4000, dur: 2000, args: { microStep: 1, tokens: 5 } },
  ]);
});
