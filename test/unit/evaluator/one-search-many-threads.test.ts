import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/rng.js';
import { Batcher } from '../../../src/evaluator/batcher.js';
import { makeSlotMemory, Slots } from '../../../src/evaluator/slots.js';
import type { GoEvaluation } from '../../../src/go/evaluation.js';
import type { Position } from '../../../src/go/position.js';
import { defaultRules } from '../../../src/go/rules.js';
import { GameState } from '../../../src/player/game-state.js';
import { Thinker } from '../../../src/player/thinker.js';
import { paceOf } from '../../../src/search/pace.js';
import { heuristicEvaluation } from '../../support/heuristic-evaluator.js';
import { markedPositions, outputSize, SlotThread, stride } from '../../support/slot-thread.js';

/** Positions that each thread evaluates at once. */
const USEFUL = 16;
/** Visits from which on busy threads are counted: before them the tree is too young for so many leaves. */
const GROWN = 8000;

/** Threads of a network in simulated time: a batch takes 8 to 12 ms, whatever it holds. */
class SimulatedThreads {
  readonly #slots: Slots;
  readonly #batcher: Batcher;
  readonly #threads: SlotThread[];
  readonly #doneAt: number[];
  readonly #rng = new Rng(1);
  #requests = 0;
  #now = 0;
  evaluated = 0;
  /** Of the time that is counted: of all threads together, and of the clock. */
  busyMs = 0;
  countedMs = 0;

  constructor(count: number) {
    this.#slots = new Slots(makeSlotMemory(2 * count + 2, 64));
    this.#batcher = new Batcher(
      this.#slots,
      () => this.#now * 1000,
      undefined,
      () => count,
    );
    this.#threads = Array.from({ length: count }, (_, thread) => new SlotThread(this.#slots, thread));
    this.#doneAt = this.#threads.map(() => Infinity);
  }

  evaluate(positions: readonly Position[]): Promise<readonly GoEvaluation[]> {
    const evaluations = positions.map((position) => heuristicEvaluation(position.snapshot()));
    const count = positions.length;
    const packed = markedPositions(this.#requests++, count);
    return new Promise((resolve, reject) => {
      let left = count;
      const deliver = (_from: number, delivered: number): void => {
        this.evaluated += delivered;
        left -= delivered;
        if (left === 0) resolve(evaluations);
      };
      const request = { model: 1, size: outputSize, interactive: true, ownership: false, stride, count, packed };
      this.#batcher.submit({ ...request, deliver, fail: reject });
    });
  }

  /** Lets free threads take batches, and the clock go on to the end of the next one. */
  step(): void {
    this.#threads.forEach((thread, i) => {
      if (this.#doneAt[i] === Infinity && thread.claim()) this.#doneAt[i] = this.#now + 8 + 4 * this.#rng.float();
    });
    const next = Math.min(...this.#doneAt);
    if (next === Infinity) return;
    if (this.evaluated > GROWN) {
      this.countedMs += next - this.#now;
      this.busyMs += (next - this.#now) * this.#doneAt.filter((at) => at < Infinity).length;
    }
    this.#now = next;
    const thread = this.#doneAt.indexOf(next);
    this.#doneAt[thread] = Infinity;
    this.#batcher.finished(this.#threads[thread]!.answer());
  }
}

/** How many threads one search on 19×19 keeps busy, on average. */
async function busyThreads(count: number): Promise<number> {
  const threads = new SimulatedThreads(count);
  const evaluator = {
    pace: paceOf(count * USEFUL),
    evaluate: (positions: readonly Position[]) => threads.evaluate(positions),
  };
  const thinker = new Thinker(
    () => evaluator,
    () => ({ batch: 0, staticScore: 0.1, dynamicScore: 0.3 }),
    (error) => {
      throw error;
    },
  );
  const game = new GameState(19, defaultRules(19));
  const search = thinker.think(game, game.positionFor(game.position.toMove), { visits: 2 * GROWN });
  const state = { ended: false };
  const done = search.next().finally(() => (state.ended = true));
  while (!state.ended) {
    threads.step();
    // What the search does with an answer, and what it asks then, happens in the same turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  }
  // The root has one more visit, its own.
  expect((await done).value.visits).toBe(2 * GROWN + 1);
  return threads.busyMs / threads.countedMs;
}

describe('one search', () => {
  it.each([
    [1, 0.95],
    [2, 1.9],
    [16, 14],
  ])('keeps %i threads busy', async (threads, atLeast) => {
    expect(await busyThreads(threads)).toBeGreaterThanOrEqual(atLeast);
  });
});
