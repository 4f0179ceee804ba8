/**
 * Batches in memory shared by the main thread and the session threads. A slot is one batch. The main thread keeps adding
 * positions to a slot until a thread claims it, so a thread that becomes free has its next batch at once, holding whatever
 * was queued by then: batches are greedy and no thread waits for the main thread.
 *
 * The state of a slot says who owns it: 0 the main thread; n > 0 open, with n positions, for any thread to claim;
 * −1 − t thread t. It only ever changes by compare-and-swap.
 */

import { MAX_SIZE } from '../go/rules.js';
import { packedBytes } from '../go/packed-position.js';
import { scoreFields } from '../go/scores.js';

const workSequence = 0;
const headerInts = 16; // one cache line, so that waiting threads and slots do not share it
const slotInts = 16;
const stateAt = 0;
const countAt = 1;
const modelAt = 2;
const interactiveAt = 3;
const sequenceAt = 4;
const ownershipAt = 5;
const computeMicrosAt = 6;
const sizeAt = 7;

/** Most numbers that one position's outputs hold: policy, value (3), scores, ownership. */
const outputFloats = MAX_SIZE * MAX_SIZE + 1 + 3 + scoreFields.length + MAX_SIZE * MAX_SIZE;

/** The shared memory itself; this is what is sent to a thread. */
export interface SlotMemory {
  readonly control: SharedArrayBuffer;
  readonly packed: SharedArrayBuffer;
  readonly outputs: SharedArrayBuffer;
  readonly slotCount: number;
  /** Most positions in a slot. */
  readonly capacity: number;
}

/** Memory for `slotCount` slots of `capacity` positions each, boards of any size. */
export function makeSlotMemory(slotCount: number, capacity: number): SlotMemory {
  return {
    control: new SharedArrayBuffer(4 * (headerInts + slotCount * slotInts)),
    packed: new SharedArrayBuffer(slotCount * capacity * packedBytes(MAX_SIZE)),
    outputs: new SharedArrayBuffer(4 * slotCount * capacity * outputFloats),
    slotCount,
    capacity,
  };
}

/** Outputs of one batch, views of shared memory, position by position. */
export interface SlotOutputs {
  /** Logits [count, size² + 1]. */
  readonly policy: Float32Array;
  /** Win, draw, loss [count, 3]. */
  readonly value: Float32Array;
  /** [count, `scoreFields`]; NaN for what the network does not say. */
  readonly scores: Float32Array;
  /** [count, size²]; written only if the slot asks for it. */
  readonly ownership: Float32Array;
}

/** Outputs of `rows` positions in memory of their own; all zero. */
export function allocateOutputs(rows: number, size: number): SlotOutputs {
  return {
    policy: new Float32Array(rows * (size * size + 1)),
    value: new Float32Array(rows * 3),
    scores: new Float32Array(rows * scoreFields.length),
    ownership: new Float32Array(rows * size * size),
  };
}

/** What a slot is opened with. */
export interface SlotHeader {
  /** Number of the loaded model. */
  readonly model: number;
  /** Points on a side of the boards of all positions. */
  readonly size: number;
  readonly interactive: boolean;
  /** Opening order; slots of the same priority are claimed in this order. May wrap around 32 bits. */
  readonly sequence: number;
}

/** The slots as both sides see them. */
export class Slots {
  readonly count: number;
  readonly capacity: number;
  readonly #control: Int32Array;
  readonly #packed: Uint8Array;
  readonly #outputs: Float32Array;

  constructor(memory: SlotMemory) {
    this.count = memory.slotCount;
    this.capacity = memory.capacity;
    this.#control = new Int32Array(memory.control);
    this.#packed = new Uint8Array(memory.packed);
    this.#outputs = new Float32Array(memory.outputs);
  }

  // The main thread's side.

  /** Prepares a slot that the main thread owns; it can be claimed once something is added. */
  open(slot: number, header: SlotHeader): void {
    this.#set(slot, modelAt, header.model);
    this.#set(slot, sizeAt, header.size);
    this.#set(slot, interactiveAt, header.interactive ? 1 : 0);
    this.#set(slot, sequenceAt, header.sequence);
    this.#set(slot, ownershipAt, 0);
  }

  /**
   * Adds packed positions to an opened slot, unless a thread has claimed it.
   *
   * @param state  how many positions the slot holds already
   * @param bytes  whole packed positions of `stride` bytes
   * @returns whether they were added
   */
  append(slot: number, state: number, bytes: Uint8Array, stride: number, ownership: boolean): boolean {
    const at = slot * this.capacity * packedBytes(MAX_SIZE) + state * stride;
    const index = this.#index(slot, stateAt);
    if (Atomics.load(this.#control, index) !== state) return false;
    this.#packed.set(bytes, at);
    if (ownership) this.#set(slot, ownershipAt, 1);
    const added = bytes.length / stride;
    if (Atomics.compareExchange(this.#control, index, state, state + added) !== state) return false;
    if (state === 0) this.wake(1);
    return true;
  }

  /** Takes an open slot back that holds `state` positions; false if a thread has claimed it. */
  withdraw(slot: number, state: number): boolean {
    return Atomics.compareExchange(this.#control, this.#index(slot, stateAt), state, 0) === state;
  }

  /** Gives a slot that a thread had claimed back to the main thread. */
  free(slot: number): void {
    Atomics.store(this.#control, this.#index(slot, stateAt), 0);
  }

  /** The thread that has claimed the slot; −1 if none has. */
  owner(slot: number): number {
    return Math.max(-1, -1 - Atomics.load(this.#control, this.#index(slot, stateAt)));
  }

  /** Wakes up to `threads` threads that wait for work. */
  wake(threads: number): void {
    Atomics.add(this.#control, workSequence, 1);
    Atomics.notify(this.#control, workSequence, threads);
  }

  // The thread's side.

  /** Take this before looking for work, and hand it to `waitForWork`: nothing that comes in between is missed. */
  workSequence(): number {
    return Atomics.load(this.#control, workSequence);
  }

  /** Blocks the calling thread until `wake` was called after `sequence` was taken. */
  waitForWork(sequence: number): void {
    Atomics.wait(this.#control, workSequence, sequence);
  }

  /** Claims the first open slot, interactive ones before the others, for `thread`; −1 if there is none. */
  claim(thread: number): number {
    for (;;) {
      let best = -1;
      let bestState = 0;
      for (let slot = 0; slot < this.count; slot++) {
        const state = Atomics.load(this.#control, this.#index(slot, stateAt));
        if (state > 0 && (best < 0 || this.#isBefore(slot, best))) {
          best = slot;
          bestState = state;
        }
      }
      if (best < 0) return -1;
      if (Atomics.compareExchange(this.#control, this.#index(best, stateAt), bestState, -1 - thread) === bestState) {
        this.#set(best, countAt, bestState);
        return best;
      }
    }
  }

  /** Records how long the network took. */
  setComputeMicros(slot: number, micros: number): void {
    this.#set(slot, computeMicrosAt, micros);
  }

  // Both sides, after a claim.

  /** How many positions the slot held when it was claimed. */
  claimedCount(slot: number): number {
    return this.#get(slot, countAt);
  }

  /** Number of the model to use. */
  model(slot: number): number {
    return this.#get(slot, modelAt);
  }

  /** Points on a side of the boards. */
  size(slot: number): number {
    return this.#get(slot, sizeAt);
  }

  /** Whether anybody wants ownership. */
  wantsOwnership(slot: number): boolean {
    return this.#get(slot, ownershipAt) === 1;
  }

  /** See `setComputeMicros`. */
  computeMicros(slot: number): number {
    return this.#get(slot, computeMicrosAt);
  }

  /** The slot's packed, `packedBytes(size)` bytes each. */
  packed(slot: number): Uint8Array {
    const bytes = this.capacity * packedBytes(MAX_SIZE);
    return this.#packed.subarray(slot * bytes, (slot + 1) * bytes);
  }

  /** Where the outputs of `count` positions of `size` go. */
  outputs(slot: number, count: number, size: number): SlotOutputs {
    const points = size * size;
    let at = slot * this.capacity * outputFloats;
    const take = (floats: number): Float32Array => this.#outputs.subarray(at, (at += floats));
    return {
      policy: take(count * (points + 1)),
      value: take(count * 3),
      scores: take(count * scoreFields.length),
      ownership: take(count * points),
    };
  }

  #isBefore(a: number, b: number): boolean {
    const urgency = this.#get(a, interactiveAt) - this.#get(b, interactiveAt);
    return urgency !== 0 ? urgency > 0 : ((this.#get(a, sequenceAt) - this.#get(b, sequenceAt)) | 0) < 0;
  }

  #index(slot: number, field: number): number {
    return headerInts + slot * slotInts + field;
  }

  #get(slot: number, field: number): number {
    return Atomics.load(this.#control, this.#index(slot, field));
  }

  #set(slot: number, field: number, value: number): void {
    Atomics.store(this.#control, this.#index(slot, field), value);
  }
}
