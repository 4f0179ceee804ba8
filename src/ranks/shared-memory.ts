/**
 * Collectives between worker threads over shared memory.
 *
 * Every member has two slots that take turns. To contribute it fills a slot and counts up; the others wait until all
 * have counted as far. When a member fills the same slot again it has seen everyone contribute to the exchange between,
 * and nobody does that before reading the one before: so two slots are enough, and no further word is needed.
 */

import { AppError, assert } from '../core/errors.js';
import { type Collective, type Exchange, shareOf } from './collective.js';

/** The memory of a rank group, to be handed to its members' threads. */
export interface RankGroupMemory {
  readonly size: number;
  /** Largest contribution to one exchange, in floats. */
  readonly capacity: number;
  /** [status, epoch, count of contributions of each member]. */
  readonly control: SharedArrayBuffer;
  /** Lengths of parts, [slot][member][destination]. */
  readonly lengths: SharedArrayBuffer;
  /** When contributions were made, [slot][member], milliseconds of the machine's monotonic clock. */
  readonly times: SharedArrayBuffer;
  /** [slot][member][capacity]. */
  readonly data: SharedArrayBuffer;
}

const SLOTS = 2;
const STATUS = 0;
const EPOCH = 1;
const COUNTS = 2;
/** Values of the status; FAILED + r says that member r is gone. */
const OPEN = 0;
const CANCELLED = 1;
const FAILED = 2;
/** A waiting member looks around this often even if nobody wakes it. */
const LOOK_MS = 1000;

/** Allocates the memory of a rank group. */
export function makeRankGroupMemory(size: number, capacity: number): RankGroupMemory {
  return {
    size,
    capacity,
    control: new SharedArrayBuffer(4 * (COUNTS + size)),
    lengths: new SharedArrayBuffer(4 * SLOTS * size * size),
    times: new SharedArrayBuffer(8 * SLOTS * size),
    data: new SharedArrayBuffer(4 * SLOTS * size * capacity),
  };
}

/** Ends a rank group: whoever waits or will wait in it fails with an error that names the member that is gone. */
export function failRankGroup(memory: RankGroupMemory, rank: number): void {
  setStatus(memory, FAILED + rank);
}

/** Ends a rank group: whoever waits or will wait in it fails as 'cancelled'. */
export function cancelRankGroup(memory: RankGroupMemory): void {
  setStatus(memory, CANCELLED);
}

/** The first reason stays. */
function setStatus({ control }: RankGroupMemory, status: number): void {
  const cells = new Int32Array(control);
  Atomics.compareExchange(cells, STATUS, OPEN, status);
  Atomics.add(cells, EPOCH, 1);
  Atomics.notify(cells, EPOCH);
}

/** Choices of a member. */
export interface MemberOptions {
  readonly rank: number;
  /** Time added to every exchange of more than one member, as a slower transport would take; 0 unless given. */
  readonly latencyMs?: number;
}

/** Joins a rank group. `wait` and `barrier` block the thread: for worker threads only. */
export function joinRankGroup(memory: RankGroupMemory, { rank, latencyMs = 0 }: MemberOptions): Collective {
  return new Member(memory, rank, latencyMs);
}

class Member implements Collective {
  readonly rank: number;
  readonly size: number;
  readonly #capacity: number;
  readonly #latencyMs: number;
  readonly #control: Int32Array;
  readonly #lengths: Int32Array;
  readonly #times: Float64Array;
  readonly #data: Float32Array;
  #count = 0;
  #isOpen = false;

  constructor(memory: RankGroupMemory, rank: number, latencyMs: number) {
    this.rank = rank;
    this.size = memory.size;
    this.#capacity = memory.capacity;
    this.#latencyMs = latencyMs;
    this.#control = new Int32Array(memory.control);
    this.#lengths = new Int32Array(memory.lengths);
    this.#times = new Float64Array(memory.times);
    this.#data = new Float32Array(memory.data);
  }

  allGatherV(part: Float32Array): Exchange<readonly Float32Array[]> {
    const slot = this.#contribute([part]);
    return this.#exchange(() =>
      Array.from({ length: this.size }, (_, member) => this.#part(slot, member, 0, this.#lengthOf(slot, member, 0))),
    );
  }

  reduceScatterV(parts: readonly Float32Array[]): Exchange<Float32Array> {
    assert(parts.length === this.size, 'there is a part for every member');
    const slot = this.#contribute(parts);
    return this.#exchange(() => {
      const length = this.#lengthOf(slot, this.rank, this.rank);
      const total = new Float32Array(length);
      for (let member = 0; member < this.size; member++) {
        let start = 0;
        for (let destination = 0; destination < this.rank; destination++) {
          start += this.#lengthOf(slot, member, destination);
        }
        assert(this.#lengthOf(slot, member, this.rank) === length, 'contributions to a sum have the same length');
        addTo(total, this.#part(slot, member, start, length));
      }
      return total;
    });
  }

  async allReduce(values: Float32Array): Promise<void> {
    for (let start = 0; start < values.length; start += this.#capacity) {
      const block = values.subarray(start, Math.min(values.length, start + this.#capacity));
      const shares = Array.from({ length: this.size }, (_, member) => shareOf(block.length, this.size, member));
      const mine = await this.reduceScatterV(shares.map((share) => block.subarray(share.start, share.end))).wait();
      const all = await this.allGatherV(mine).wait();
      all.forEach((part, member) => {
        block.set(part, shares[member]!.start);
      });
    }
  }

  async barrier(): Promise<void> {
    await this.allGatherV(new Float32Array(0)).wait();
  }

  /** Fills this exchange's slot and lets the others know; returns the slot. */
  #contribute(parts: readonly Float32Array[]): number {
    assert(!this.#isOpen, 'a group has one exchange open at a time');
    const total = parts.reduce((sum, { length }) => sum + length, 0);
    assert(total <= this.#capacity, `a contribution of ${total} floats fits in ${this.#capacity}`);
    const slot = this.#count % SLOTS;
    const row = slot * this.size + this.rank;
    let at = row * this.#capacity;
    parts.forEach((part, destination) => {
      this.#lengths[row * this.size + destination] = part.length;
      this.#data.set(part, at);
      at += part.length;
    });
    this.#times[row] = nowMs();
    this.#count++;
    this.#isOpen = true;
    // Atomic stores publish the plain ones before them.
    Atomics.store(this.#control, COUNTS + this.rank, this.#count);
    Atomics.add(this.#control, EPOCH, 1);
    Atomics.notify(this.#control, EPOCH);
    return slot;
  }

  #exchange<T>(read: () => T): Exchange<T> {
    return {
      // eslint-disable-next-line @typescript-eslint/require-await -- other transports do wait without blocking
      wait: async () => {
        this.#waitForAll();
        this.#isOpen = false;
        return read();
      },
    };
  }

  #waitForAll(): void {
    for (;;) {
      const epoch = Atomics.load(this.#control, EPOCH);
      this.#checkStatus();
      if (this.#allContributed()) break;
      Atomics.wait(this.#control, EPOCH, epoch, LOOK_MS);
    }
    if (this.#latencyMs > 0 && this.size > 1) this.#waitForTransport();
  }

  #allContributed(): boolean {
    for (let member = 0; member < this.size; member++) {
      // Counts wrap around together; their difference does not.
      if (((Atomics.load(this.#control, COUNTS + member) - this.#count) | 0) < 0) return false;
    }
    return true;
  }

  /** As if the last contribution had been under way for the latency. */
  #waitForTransport(): void {
    const slot = (this.#count - 1) % SLOTS;
    const last = Math.max(...this.#times.subarray(slot * this.size, (slot + 1) * this.size));
    const idle = new Int32Array(new SharedArrayBuffer(4));
    for (let left = last + this.#latencyMs - nowMs(); left > 0; left = last + this.#latencyMs - nowMs()) {
      Atomics.wait(idle, 0, 0, left);
    }
  }

  #checkStatus(): void {
    const status = Atomics.load(this.#control, STATUS);
    if (status === OPEN) return;
    if (status === CANCELLED) throw new AppError('cancelled', 'The exchange was cancelled');
    throw new AppError('unavailable', `Rank ${status - FAILED} of the group of ${this.size} is gone`);
  }

  #lengthOf(slot: number, member: number, destination: number): number {
    return this.#lengths[(slot * this.size + member) * this.size + destination]!;
  }

  #part(slot: number, member: number, start: number, length: number): Float32Array {
    const at = (slot * this.size + member) * this.#capacity + start;
    return this.#data.subarray(at, at + length);
  }
}

function addTo(total: Float32Array, part: Float32Array): void {
  for (let i = 0; i < total.length; i++) total[i] = total[i]! + part[i]!;
}

/** One clock for all threads; `performance.now` starts anew in each. */
function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
