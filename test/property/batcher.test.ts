import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/core/errors.js';
import { Batcher, type QueuedPositions } from '../../src/evaluator/batcher.js';
import { scoreFields } from '../../src/go/scores.js';
import { makeSlotMemory, Slots } from '../../src/evaluator/slots.js';
import { markedPositions, outputSize, scoreOf, SlotThread, stride } from '../support/slot-thread.js';

const threadCount = 3;
const capacity = 4;

type Action =
  | { kind: 'submit'; count: number; model: number; interactive: boolean }
  | { kind: 'cancel'; pick: number }
  | { kind: 'claim' | 'answer' | 'refuse' | 'crash'; thread: number };

const threadAction = (kind: 'claim' | 'answer' | 'refuse' | 'crash'): fc.Arbitrary<Action> =>
  fc.record({ kind: fc.constant(kind), thread: fc.nat(threadCount - 1) });

const submit: fc.Arbitrary<Action> = fc.record({
  kind: fc.constant('submit' as const),
  count: fc.integer({ min: 1, max: 11 }),
  model: fc.integer({ min: 1, max: 3 }),
  interactive: fc.boolean(),
});

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: submit },
  { weight: 6, arbitrary: threadAction('claim') },
  { weight: 6, arbitrary: threadAction('answer') },
  { weight: 1, arbitrary: threadAction('refuse') },
  { weight: 1, arbitrary: threadAction('crash') },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), pick: fc.nat() }) },
);

/** A job that notes what happens to it. */
class NotedRequest implements QueuedPositions {
  readonly stride = stride;
  readonly size = outputSize;
  readonly ownership = false;
  readonly packed: Uint8Array;
  readonly scores: (number | undefined)[];
  errors: AppError[] = [];
  cancelled = false;
  crashes = 0;

  readonly number: number;
  readonly count: number;
  readonly model: number;
  readonly interactive: boolean;
  readonly #slots: Slots;

  constructor(number: number, form: { count: number; model: number; interactive: boolean }, slots: Slots) {
    this.number = number;
    this.count = form.count;
    this.model = form.model;
    this.interactive = form.interactive;
    this.#slots = slots;
    this.packed = markedPositions(number, form.count);
    this.scores = Array.from({ length: form.count }, () => undefined);
  }

  deliver(from: number, count: number, slot: number, at: number): void {
    expect(this.cancelled || this.errors.length > 0, 'nothing comes after the end').toBe(false);
    const { scores } = this.#slots.outputs(slot, this.#slots.claimedCount(slot), outputSize);
    for (let i = 0; i < count; i++) {
      expect(this.scores[from + i], 'no position is answered twice').toBeUndefined();
      this.scores[from + i] = scores[(at + i) * scoreFields.length];
    }
  }

  fail(error: AppError): void {
    expect(this.cancelled || this.isAnswered, 'nothing comes after the end').toBe(false);
    this.errors.push(error);
  }

  get isAnswered(): boolean {
    return !this.scores.includes(undefined);
  }
}

/** The batcher with threads that the test drives. */
class Bench {
  readonly slots = new Slots(makeSlotMemory(2 * threadCount + 2, capacity));
  readonly batcher = new Batcher(this.slots, () => 0);
  readonly threads = Array.from({ length: threadCount }, (_, thread) => new SlotThread(this.slots, thread));
  readonly jobs: NotedRequest[] = [];

  perform(step: Action): void {
    if (step.kind === 'submit') {
      const job = new NotedRequest(this.jobs.length, step, this.slots);
      this.jobs.push(job);
      this.batcher.submit(job);
    } else if (step.kind === 'cancel') {
      const job = this.jobs[step.pick % Math.max(1, this.jobs.length)];
      if (!job || job.isAnswered || job.errors.length > 0) return;
      job.cancelled = true;
      this.batcher.cancel(job);
    } else {
      this.#drive(this.threads[step.thread]!, step.kind);
    }
    const open = this.jobs.filter((job) => !job.cancelled && job.errors.length === 0);
    const waiting = open.flatMap((job) => job.scores).filter((score) => score === undefined).length;
    expect(this.batcher.pending).toBe(waiting);
  }

  /** Lets the threads work until nothing is left. */
  finish(): void {
    for (let idle = 0; idle < threadCount;) {
      idle = 0;
      for (const thread of this.threads) {
        if (thread.claim()) this.#drive(thread, 'answer');
        else idle++;
      }
    }
  }

  #drive(thread: SlotThread, kind: 'claim' | 'answer' | 'refuse' | 'crash'): void {
    const batch = thread.claim();
    if (!batch) return;
    expect(batch.length).toBeLessThanOrEqual(capacity);
    const jobs = batch.map(([job]) => this.jobs[job]!);
    expect(new Set(jobs.map((job) => job.model)).size, 'one model a batch').toBe(1);
    if (kind === 'answer') this.batcher.finished(thread.answer());
    if (kind === 'refuse') {
      const { slot } = thread;
      thread.slot = -1;
      this.batcher.failed(slot, new AppError('internal', 'refused'));
    }
    if (kind === 'crash') {
      for (const job of new Set(jobs)) job.crashes++;
      thread.slot = -1;
      this.batcher.lost(thread.thread);
    }
  }
}

describe('the batcher', () => {
  it('answers every position exactly once, in its place, whatever threads and callers do', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (steps) => {
        const bench = new Bench();
        for (const step of steps) bench.perform(step);
        bench.finish();
        expect(bench.batcher.pending).toBe(0);
        for (const job of bench.jobs) {
          if (job.cancelled) continue;
          if (job.errors.length > 0) {
            expect(job.errors).toHaveLength(1);
            if (job.errors[0]!.message !== 'refused') expect(job.crashes).toBeGreaterThan(1);
          } else {
            expect(job.scores).toEqual(Array.from({ length: job.count }, (_, i) => scoreOf(job.number, i)));
          }
        }
      }),
      { seed: 20, numRuns: 500 },
    );
  });

  it('has all its slots again after whatever happened', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (steps) => {
        const bench = new Bench();
        for (const step of steps) bench.perform(step);
        bench.finish();
        // As many interactive batches as there are slots fit at once only if none was lost.
        for (let i = 0; i < bench.slots.count; i++) {
          bench.perform({ kind: 'submit', count: capacity, model: 9, interactive: true });
        }
        let claimed = 0;
        while (bench.slots.claim(0) >= 0) claimed++;
        expect(claimed).toBe(bench.slots.count);
      }),
      { seed: 21, numRuns: 200 },
    );
  });
});
