import { expect, it } from 'vitest';
import { chromeTrace, readTraces, Trace, trace, type ProcessTrace } from '../../../src/core/trace.js';

interface Event {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly id?: number;
  readonly args: Readonly<Record<string, unknown>>;
}

function eventsOf(...processes: ProcessTrace[]): Event[] {
  return JSON.parse([...chromeTrace(processes)].join('')) as Event[];
}

it('nothing is recorded unless it was asked for', () => {
  expect(trace).toBeUndefined();
  expect(readTraces()).toEqual([]);
});

it('sums are over all spans, and the newest spans are kept', () => {
  const recorder = new Trace('main', 3);
  for (let i = 0; i < 5; i++) recorder.add('network', 10 * i, 32, 2);
  recorder.add('encode', 50, 1, 0.5);
  const { totals, stage, startMs, ms, cpuMs } = recorder.read(7);
  expect(totals).toEqual({ network: { spans: 5, ms: 10, items: 160 }, encode: { spans: 1, ms: 0.5, items: 1 } });
  expect([...startMs].map((start) => Math.round(start - performance.timeOrigin))).toEqual([30, 40, 50]);
  expect([...ms]).toEqual([2, 2, 0.5]);
  expect(stage[0]).toBe(stage[1]);
  expect(stage[2]).not.toBe(stage[1]);
  expect(cpuMs).toBe(7);
});

it('a span without a length ends now', () => {
  const recorder = new Trace('main');
  const started = performance.now() - 5;
  recorder.add('search', started, 1);
  expect(recorder.read().ms[0]).toBeGreaterThanOrEqual(5);
});

it('the file names processes and threads and counts microseconds from the first span', () => {
  const [main, session, worker] = [new Trace('main'), new Trace('session 0'), new Trace('main')];
  main.add('decode', 100, 8, 1.5);
  session.add('network', 102, 8, 4);
  worker.add('search', 99, 16, 0.25);
  const events = eventsOf(
    { process: 'server', pid: 7, threads: [main.read(), session.read()] },
    { process: 'worker', pid: 8, threads: [worker.read()] },
  );
  const names = events.filter(({ ph }) => ph === 'M').map(({ name, pid, tid, args }) => [name, pid, tid, args['name']]);
  expect(names).toEqual([
    ['process_name', 7, 0, 'server'],
    ['thread_name', 7, 0, 'main'],
    ['thread_name', 7, 1, 'session 0'],
    ['process_name', 8, 0, 'worker'],
    ['thread_name', 8, 0, 'main'],
  ]);
  expect(events.filter(({ ph }) => ph === 'X')).toMatchObject([
    { name: 'decode', pid: 7, tid: 0, ts: 1000, dur: 1500, args: { items: 8 } },
    { name: 'network', pid: 7, tid: 1, ts: 3000, dur: 4000 },
    { name: 'search', pid: 8, tid: 0, ts: 0, dur: 250 },
  ]);
});

it('waits may overlap, so each is a pair of its own', () => {
  const recorder = new Trace('main');
  recorder.add('queue', 10, 1, 5);
  recorder.add('queue', 12, 1, 5);
  const pairs = eventsOf({ process: 'server', pid: 1, threads: [recorder.read()] }).filter(({ ph }) => ph !== 'M');
  expect(pairs.map(({ ph, id, ts }) => [ph, id, ts])).toEqual([
    ['b', 1, 0],
    ['e', 1, 5000],
    ['b', 2, 2000],
    ['e', 2, 7000],
  ]);
});

it('a trace of nothing is a file too', () => {
  expect(eventsOf()).toEqual([]);
});
