/** Positions of one conversation that wait to be analysed: the highest priority first, then the earliest; a bound on all of them. */

import { Condition } from '../../src/core/condition.js';
import type { SearchSlots, WaitingQueue } from './search-slots.js';

/** Something that waits. */
export interface Prioritized {
  readonly priority: number;
}

/** Runs things in the slots that it shares with others. */
export class PositionQueue<T extends Prioritized> implements WaitingQueue {
  /** The next one last; of equal priorities the earliest last. */
  readonly #waiting: T[] = [];
  readonly #running = new Set<T>();
  readonly #slots: SearchSlots;
  readonly #run: (item: T) => Promise<void>;
  readonly #changed = new Condition();

  /** @param run must not throw */
  constructor(slots: SearchSlots, run: (item: T) => Promise<void>) {
    this.#slots = slots;
    this.#run = run;
    slots.join(this);
  }

  /** Takes part in the slots no longer; nothing may wait. */
  close(): void {
    this.#slots.leave(this);
  }

  get next(): number | undefined {
    return this.#waiting.at(-1)?.priority;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** Queues an item and starts it if there is room. */
  add(item: T): void {
    let [low, high] = [0, this.#waiting.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#waiting[middle]!.priority < item.priority) low = middle + 1;
      else high = middle;
    }
    this.#waiting.splice(low, 0, item);
    this.#slots.fill();
  }

  /** What runs now and matches. */
  running(matches: (item: T) => boolean): readonly T[] {
    return [...this.#running].filter(matches);
  }

  /** Takes out what waits and matches, the next one first. */
  remove(matches: (item: T) => boolean): readonly T[] {
    const removed = this.#waiting.filter(matches).reverse();
    if (removed.length === 0) return removed;
    const kept = this.#waiting.filter((item) => !matches(item));
    this.#waiting.splice(0, this.#waiting.length, ...kept);
    this.#changed.notifyAll();
    return removed;
  }

  /** Resolves once fewer than `bound` wait. */
  async room(bound: number): Promise<void> {
    await this.#changed.until(() => this.#waiting.length < bound);
  }

  /** Resolves once nothing waits or runs. */
  async idle(): Promise<void> {
    await this.#changed.until(() => this.#waiting.length + this.#running.size === 0);
  }

  async runNext(): Promise<void> {
    const item = this.#waiting.pop();
    if (!item) return;
    this.#running.add(item);
    try {
      await this.#run(item);
    } finally {
      this.#running.delete(item);
      this.#changed.notifyAll();
    }
  }
}
