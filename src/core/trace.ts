/**
 * What a thread spends its time on, by stage: spans in a ring of fixed size, and sums over all of them. Nothing is recorded,
 * and a call site costs one branch, unless the thread was told to. `chromeTrace` writes what viewers open (Chrome's "Trace
 * Event Format", JSON array form).
 */

/** What time is spent on; docs/profiling.md says where each begins and ends. */
export const stages = [
  // Serving: the main thread of a server, then its session threads.
  'decode',
  'queue',
  'encode',
  'load',
  'features',
  'network',
  'outputs',
  // Self-play, in a worker.
  'search',
  'evaluation',
  // Training.
  'batch',
  'step',
] as const;

export type Stage = (typeof stages)[number];

/** Stages of which a thread has several at once, because it does something else meanwhile. */
const waits: ReadonlySet<Stage> = new Set(['queue', 'evaluation']);

/** Spans kept, the newest; 3.4 megabytes. */
const CAPACITY = 200_000;

export interface StageTotal {
  readonly spans: number;
  /** Time on the wall; for stages that are waits, more than passes. */
  readonly ms: number;
  /** Positions or samples that the spans were about. */
  readonly items: number;
}

/** What a thread recorded, as it crosses threads. */
export interface ThreadTrace {
  readonly thread: string;
  readonly totals: Readonly<Partial<Record<Stage, StageTotal>>>;
  /** Processor time of the thread since its trace began, in ms; absent where the system does not tell. */
  readonly cpuMs?: number | undefined;
  /** Time on the wall in which it was not idle, in ms; absent where that is what its spans took. */
  readonly busyMs?: number | undefined;
  /** The kept spans [spans], oldest first: index into `stages`, start in ms since 1970 UTC, length in ms, items. */
  readonly stage: Uint8Array;
  readonly startMs: Float64Array;
  readonly ms: Float32Array;
  readonly items: Uint32Array;
}

/** The recorder of one thread. */
export class Trace {
  readonly #thread: string;
  readonly #capacity: number;
  readonly #stage: Uint8Array;
  readonly #startMs: Float64Array;
  readonly #ms: Float32Array;
  readonly #items: Uint32Array;
  readonly #totals = stages.map(() => ({ spans: 0, ms: 0, items: 0 }));
  #recorded = 0;

  /** @param thread what a viewer calls it */
  constructor(thread: string, capacity = CAPACITY) {
    this.#thread = thread;
    this.#capacity = capacity;
    this.#stage = new Uint8Array(capacity);
    this.#startMs = new Float64Array(capacity);
    this.#ms = new Float32Array(capacity);
    this.#items = new Uint32Array(capacity);
  }

  /** Records a span from `startMs` (of `performance.now`) until now, or `ms` long. */
  add(stage: Stage, startMs: number, items: number, ms = performance.now() - startMs): void {
    const at = this.#recorded++ % this.#capacity;
    const index = stages.indexOf(stage);
    this.#stage[at] = index;
    this.#startMs[at] = startMs + performance.timeOrigin;
    this.#ms[at] = ms;
    this.#items[at] = items;
    const total = this.#totals[index]!;
    total.spans++;
    total.ms += ms;
    total.items += items;
  }

  /**
   * What was recorded so far.
   *
   * @param cpuMs @param busyMs as in `ThreadTrace`; this module cannot know them
   */
  read(cpuMs?: number, busyMs?: number): ThreadTrace {
    const count = Math.min(this.#recorded, this.#capacity);
    const oldest = (this.#recorded - count) % this.#capacity;
    const order = Uint32Array.from({ length: count }, (_, i) => (oldest + i) % this.#capacity);
    const totals: Partial<Record<Stage, StageTotal>> = {};
    this.#totals.forEach((total, i) => {
      if (total.spans > 0) totals[stages[i]!] = { ...total };
    });
    return {
      thread: this.#thread,
      totals,
      cpuMs,
      busyMs,
      stage: Uint8Array.from(order, (at) => this.#stage[at]!),
      startMs: Float64Array.from(order, (at) => this.#startMs[at]!),
      ms: Float32Array.from(order, (at) => this.#ms[at]!),
      items: Uint32Array.from(order, (at) => this.#items[at]!),
    };
  }
}

/** The trace of this thread; undefined unless `startTrace` was called in it. */
export let trace: Trace | undefined;

/** Traces of other threads of this process that have ended. */
const ended: ThreadTrace[] = [];

/** Records this thread from now on; `capacity` is how many spans are kept. */
export function startTrace(thread: string, capacity?: number): void {
  trace = new Trace(thread, capacity);
}

/** Takes in what another thread of this process recorded. */
export function keepTrace(other: ThreadTrace): void {
  ended.push(other);
}

/** What this thread and those that ended recorded; this thread first. Empty if it was not told to. */
export function readTraces(): ThreadTrace[] {
  return trace ? [trace.read(), ...ended] : [];
}

/** A process and its threads. */
export interface ProcessTrace {
  /** What a viewer calls it. */
  readonly process: string;
  readonly pid: number;
  readonly threads: readonly ThreadTrace[];
}

/** The lines of a file that Perfetto, chrome://tracing and speedscope open; times are microseconds from the first span. */
export function* chromeTrace(processes: readonly ProcessTrace[]): Generator<string> {
  const threads = processes.flatMap((process) => process.threads);
  const firstMs = Math.min(...threads.map(({ startMs }) => startMs.reduce((a, b) => Math.min(a, b), Infinity)));
  let separator = '[\n';
  let wait = 0;
  function line(event: Record<string, unknown>): string {
    const text = separator + JSON.stringify(event);
    separator = ',\n';
    return text;
  }
  for (const { process, pid, threads: own } of processes) {
    yield line({ name: 'process_name', ph: 'M', pid, tid: 0, args: { name: process } });
    for (const [tid, { thread, stage, startMs, ms, items }] of own.entries()) {
      yield line({ name: 'thread_name', ph: 'M', pid, tid, args: { name: thread } });
      for (let i = 0; i < stage.length; i++) {
        const name = stages[stage[i]!]!;
        const ts = micros(startMs[i]! - firstMs);
        const common = { name, cat: name, pid, tid, ts, args: { items: items[i]! } };
        if (waits.has(name)) {
          // Waits overlap each other, which only the asynchronous kind of event may.
          yield line({ ...common, ph: 'b', id: ++wait });
          yield line({ ...common, ph: 'e', id: wait, ts: micros(startMs[i]! - firstMs + ms[i]!) });
        } else {
          yield line({ ...common, ph: 'X', dur: micros(ms[i]!) });
        }
      }
    }
  }
  yield separator === '[\n' ? '[]\n' : '\n]\n';
}

function micros(ms: number): number {
  return Math.round(ms * 1000);
}
