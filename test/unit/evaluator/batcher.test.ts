import { beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.js';
import { Batcher, type QueuedPositions } from '../../../src/evaluator/batcher.js';
import { makeSlotMemory, Slots } from '../../../src/evaluator/slots.js';
import { markedPositions, outputSize, SlotThread, stride } from '../../support/slot-thread.js';

const capacity = 4;
let slots: Slots;
let batcher: Batcher;
let thread: SlotThread;
let jobs = 0;

function submit(
  count: number,
  given: { model?: number; size?: number; interactive?: boolean } = {},
): QueuedPositions & { errors: AppError[] } {
  const errors: AppError[] = [];
  const job = {
    model: 1,
    size: outputSize,
    interactive: false,
    ownership: false,
    stride,
    count,
    errors,
    ...given,
    packed: markedPositions(jobs++, count),
    deliver: () => undefined,
    fail: (error: AppError) => errors.push(error),
  };
  batcher.submit(job);
  return job;
}

/** Claims the next batch, answers it and says whose positions it held. */
function nextBatch(): number[] | undefined {
  const batch = thread.claim();
  if (batch) batcher.finished(thread.answer());
  return batch?.map(([job]) => job);
}

beforeEach(() => {
  slots = new Slots(makeSlotMemory(4, capacity));
  batcher = new Batcher(slots, () => 0);
  thread = new SlotThread(slots, 0);
  jobs = 0;
});

describe('the batcher', () => {
  it('lets a lone position go at once', () => {
    submit(1);
    expect(nextBatch()).toEqual([0]);
  });

  it('joins requests until a thread comes for the batch, and splits one that does not fit', () => {
    submit(1);
    submit(2);
    submit(3);
    expect(nextBatch()).toEqual([0, 1, 1, 2]);
    expect(nextBatch()).toEqual([2, 2]);
    expect(nextBatch()).toBeUndefined();
  });

  it('serves in the order of asking', () => {
    for (let i = 0; i < 40; i++) submit(2);
    const order = [];
    for (let batch = nextBatch(); batch; batch = nextBatch()) order.push(...batch);
    expect(order).toEqual(Array.from({ length: 80 }, (_, i) => i >> 1));
  });

  it('runs an interactive request next, however many bulk ones wait', () => {
    for (let i = 0; i < 40; i++) submit(4);
    submit(1, { interactive: true });
    expect(nextBatch()).toEqual([40]);
    expect(nextBatch()).toEqual([0, 0, 0, 0]);
  });

  it('keeps models apart', () => {
    submit(1, { model: 1 });
    submit(1, { model: 2 });
    submit(1, { model: 1 });
    expect(nextBatch()).toEqual([0, 2]);
    expect(nextBatch()).toEqual([1]);
  });

  it('keeps board sizes apart', () => {
    submit(1, { size: 9 });
    submit(1, { size: 19 });
    submit(1, { size: 9 });
    expect(nextBatch()).toEqual([0, 2]);
    expect(nextBatch()).toEqual([1]);
  });

  it('never runs what was cancelled before a thread took it', () => {
    const job = submit(4 * 10);
    const first = thread.claim();
    expect(first).toEqual([0, 1, 2, 3].map((position) => [0, position]));
    batcher.cancel(job);
    expect(batcher.pending).toBe(0);
    submit(1);
    batcher.finished(thread.answer());
    expect(nextBatch()).toEqual([1]);
    expect(nextBatch()).toBeUndefined();
  });

  it('tries what a dead thread had once more, in front of the rest, and then gives up on it', () => {
    const first = submit(4);
    const second = submit(4);
    thread.claim();
    thread.slot = -1;
    batcher.lost(0);
    expect(first.errors).toEqual([]);
    // The second job's batch was open before the first came back.
    expect([nextBatch(), thread.claim()?.map(([job]) => job)]).toEqual([
      [1, 1, 1, 1],
      [0, 0, 0, 0],
    ]);
    thread.slot = -1;
    batcher.lost(0);
    expect(first.errors.map((error) => error.kind)).toEqual(['internal']);
    expect(second.errors).toEqual([]);
    expect(batcher.pending).toBe(0);
  });

  it('fails what waits when it closes', () => {
    const waiting = submit(9);
    batcher.close(new AppError('unavailable', 'closing'));
    expect(waiting.errors.map((error) => error.kind)).toEqual(['unavailable']);
    expect(batcher.pending).toBe(0);
  });
});

describe('the batcher of several threads', () => {
  /** Positions in each batch that threads take one after the other, without answering. */
  const batches = (count: number, interactive: boolean, threads: number, busy = 0): number[] => {
    slots = new Slots(makeSlotMemory(2 * threads + 2, 64));
    batcher = new Batcher(
      slots,
      () => 0,
      undefined,
      () => threads,
    );
    for (let i = 0; i < busy; i++) {
      submit(1);
      new SlotThread(slots, i).claim();
    }
    submit(count, { interactive });
    const taken = Array.from({ length: threads }, (_, i) => new SlotThread(slots, busy + i).claim());
    return taken.flatMap((batch) => (batch ? [batch.length] : []));
  };

  it.each([
    ['all threads share an interactive request', 16, true, 2, 0, [8, 8]],
    ['a share is worth a batch', 20, true, 4, 0, [8, 8, 4]],
    ['a lone position goes whole', 1, true, 4, 0, [1]],
    ['a large request goes to all, and leaves some for the next batches', 64, true, 4, 0, [11, 11, 11, 11]],
    ['threads that are busy find their share when they are done', 32, true, 4, 2, [8, 8, 8, 8]],
    ['an idle thread leaves its share to a busy one', 16, true, 2, 1, [8, 8]],
    ['bulk positions stay together', 16, false, 2, 0, [16]],
  ])('%s', (_, count, interactive, threads, busy, expected) => {
    expect(batches(count, interactive, threads, busy)).toEqual(expected);
  });
});
