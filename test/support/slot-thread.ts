/** A session thread without a thread: claims and answers slots when the test says so. */

import { scoreFields } from '../../src/go/scores.js';
import type { Slots } from '../../src/evaluator/slots.js';

/** Records of these tests: the number of the job and of the position in it. */
export const stride = 8;
/** Board size whose outputs these tests use; the smallest. */
export const outputSize = 2;

/** A record that says whose it is. */
export function markedPositions(job: number, count: number): Uint8Array {
  const words = new Int32Array(count * 2);
  for (let i = 0; i < count; i++) words.set([job, i], 2 * i);
  return new Uint8Array(words.buffer);
}

/** The score that `answer` writes for a position. */
export function scoreOf(job: number, position: number): number {
  return job * 1000 + position;
}

/** What stands in for a session thread. */
export class SlotThread {
  /** The slot that it has claimed and not answered; −1 if none. */
  slot = -1;
  readonly #slots: Slots;
  readonly thread: number;

  constructor(slots: Slots, thread: number) {
    this.#slots = slots;
    this.thread = thread;
  }

  /** Claims a slot if it has none; returns what is in it as [job, position] pairs. */
  claim(): [job: number, position: number][] | undefined {
    if (this.slot < 0) this.slot = this.#slots.claim(this.thread);
    if (this.slot < 0) return undefined;
    const count = this.#slots.claimedCount(this.slot);
    const bytes = this.#slots.packed(this.slot).slice(0, count * stride);
    const words = new Int32Array(bytes.buffer);
    return Array.from({ length: count }, (_, i) => [words[2 * i]!, words[2 * i + 1]!]);
  }

  /** Writes the outputs of the claimed slot and lets go of it; returns it. */
  answer(): number {
    const batch = this.claim();
    const slot = this.slot;
    if (!batch) return -1;
    const { scores } = this.#slots.outputs(slot, batch.length, outputSize);
    batch.forEach(([job, position], i) => (scores[i * scoreFields.length] = scoreOf(job, position)));
    this.slot = -1;
    return slot;
  }
}
