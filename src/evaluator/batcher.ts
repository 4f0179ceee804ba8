/**
 * Decides which positions go into which batch: interactive requests before bulk ones, first come first served within a priority,
 * one model and board size a batch. A request's positions may be spread over batches and share them with other requests:
 * interactive ones are, so that one search uses all threads. Knows the slots and how many threads there are, but
 * neither threads nor networks.
 */

import { AppError } from '../core/errors.js';
import { trace } from '../core/trace.js';
import type { Slots } from './slots.js';

/** Positions of one request that wait for the network. */
export interface QueuedPositions {
  /** Number of the loaded model. */
  readonly model: number;
  /** Points on a side of the boards of all positions. */
  readonly size: number;
  readonly interactive: boolean;
  readonly ownership: boolean;
  /** `count` packed positions of `stride` bytes (packed-position.ts). */
  readonly packed: Uint8Array;
  readonly stride: number;
  readonly count: number;
  /** Takes the results of positions `from … from + count − 1`, which are positions `at …` of the batch in `slot`. */
  deliver(from: number, count: number, slot: number, at: number): void;
  /** Called once, instead of the remaining deliveries. */
  fail(error: AppError): void;
}

interface Ticket {
  readonly request: QueuedPositions;
  readonly submittedMicros: number;
  /** Positions that are neither delivered nor given up. */
  left: number;
}

/** A run of a request's positions. */
interface Range {
  readonly ticket: Ticket;
  from: number;
  to: number;
  /** Whether a thread has died over these positions. */
  readonly retried: boolean;
}

interface SlotState {
  /** What the slot holds, in order. */
  ranges: Range[];
  /** How many positions that is. */
  count: number;
  /** How many positions it may hold. */
  readonly limit: number;
  /** Its key in `#filling`, for as long as it may get more. */
  key: string;
}

/** What happened to batches, for metrics. */
export interface BatchListener {
  /** A batch came back. */
  batchDone(positions: number, computeMicros: number): void;
  /** So many positions of a batch waited so long before it ran. */
  waited(positions: number, micros: number): void;
}

/** Fewest positions that are worth a batch of their own; fewer cost almost as much as so many. */
const SMALLEST_SHARE = 8;

/**
 * Batches a thread into which the interactive positions at hand are cut: more than one, as a thread that is done shall find the next
 * batch there while the answers of the last one are on their way.
 */
const AHEAD = 1.5;

const noListener: BatchListener = { batchDone: () => undefined, waited: () => undefined };

/** Batches requests into slots. */
export class Batcher {
  readonly #slots: Slots;
  readonly #nowMicros: () => number;
  readonly #listener: BatchListener;
  readonly #threads: () => number;
  readonly #tickets = new Map<QueuedPositions, Ticket>();
  /** Ranges not in a slot yet, by priority: interactive, bulk. */
  readonly #queues: [Range[], Range[]] = [[], []];
  readonly #states: (SlotState | undefined)[];
  readonly #free: number[];
  /** Slots that still take positions, by model, size and priority. */
  readonly #filling = new Map<string, number>();
  #sequence = 0;
  #pending = 0;
  #pendingInteractive = 0;
  #closed: AppError | undefined;

  /** @param threads that take batches now; one if not given */
  constructor(
    slots: Slots,
    nowMicros: () => number,
    listener: BatchListener = noListener,
    threads: () => number = () => 1,
  ) {
    this.#slots = slots;
    this.#nowMicros = nowMicros;
    this.#listener = listener;
    this.#threads = threads;
    this.#states = Array.from({ length: slots.count }, () => undefined);
    this.#free = Array.from({ length: slots.count }, (_, slot) => slot);
  }

  /** Positions submitted and neither answered nor given up. */
  get pending(): number {
    return this.#pending;
  }

  /** Queues a request; its results come through `deliver`, or its failure through `fail`. */
  submit(request: QueuedPositions): void {
    if (this.#closed) {
      request.fail(this.#closed);
      return;
    }
    const ticket: Ticket = { request, submittedMicros: this.#nowMicros(), left: request.count };
    this.#tickets.set(request, ticket);
    this.#count(request, request.count);
    this.#queues[request.interactive ? 0 : 1].push({ ticket, from: 0, to: request.count, retried: false });
    this.#pump();
  }

  /** Forgets a request: no more calls to it, and what is not being computed yet never will be. */
  cancel(request: QueuedPositions): void {
    const ticket = this.#tickets.get(request);
    if (!ticket) return;
    this.#giveUp(ticket);
    const queue = this.#queues[request.interactive ? 0 : 1];
    const kept = queue.filter((range) => range.ticket !== ticket);
    if (kept.length < queue.length) queue.splice(0, queue.length, ...kept);
    this.#withdrawAbandoned();
    this.#pump();
  }

  /** A thread has written the outputs of `slot`: hands them out and frees the slot. */
  finished(slot: number): void {
    const state = this.#take(slot);
    const computeMicros = this.#slots.computeMicros(slot);
    const now = this.#nowMicros();
    let at = 0;
    for (const { ticket, from, to } of state.ranges) {
      const waitedMicros = Math.max(0, now - ticket.submittedMicros - computeMicros);
      this.#listener.waited(to - from, waitedMicros);
      trace?.add('queue', ticket.submittedMicros / 1000, to - from, waitedMicros / 1000);
      if (ticket.left > 0) {
        this.#settle(ticket, to - from);
        ticket.request.deliver(from, to - from, slot, at);
      }
      at += to - from;
    }
    this.#release(slot);
    this.#listener.batchDone(at, computeMicros);
    this.#pump();
  }

  /** The network refused the batch in `slot`: its requests fail. */
  failed(slot: number, error: AppError): void {
    const state = this.#take(slot);
    this.#release(slot);
    for (const { ticket } of state.ranges) this.#failTicket(ticket, error);
    this.#withdrawAbandoned();
    this.#pump();
  }

  /** The thread died: what it was computing is queued again in front, once; the second time it fails. */
  lost(thread: number): void {
    for (let slot = 0; slot < this.#states.length; slot++) {
      if (!this.#states[slot] || this.#slots.owner(slot) !== thread) continue;
      const state = this.#take(slot);
      this.#release(slot);
      for (const { ticket, from, to, retried } of state.ranges.reverse()) {
        if (ticket.left === 0) continue;
        if (retried) this.#failTicket(ticket, new AppError('internal', 'The network failed twice on this request'));
        else this.#queues[ticket.request.interactive ? 0 : 1].unshift({ ticket, from, to, retried: true });
      }
    }
    this.#withdrawAbandoned();
    this.#pump();
  }

  /** Fails everything, and whatever is submitted after it. */
  close(error: AppError): void {
    this.#closed = error;
    for (const ticket of [...this.#tickets.values()]) this.#failTicket(ticket, error);
    for (const queue of this.#queues) queue.length = 0;
  }

  #pump(): void {
    for (const queue of this.#queues) {
      let range = queue[0];
      while (range) {
        if (range.ticket.left > 0 && !this.#place(range)) break;
        if (range.from >= range.to || range.ticket.left === 0) queue.shift();
        range = queue[0];
      }
    }
  }

  /** Puts as much of the front range into a slot as fits; false if no slot takes any. */
  #place(range: Range): boolean {
    const { request } = range.ticket;
    const key = `${String(request.model)} ${String(request.size)}${request.interactive ? 'i' : 'b'}`;
    const slot = this.#filling.get(key) ?? this.#openSlot(range, key);
    if (slot === undefined) return false;
    const state = this.#states[slot]!;
    const count = Math.min(range.to - range.from, state.limit - state.count);
    const packed = request.packed.subarray(range.from * request.stride, (range.from + count) * request.stride);
    if (!this.#slots.append(slot, state.count, packed, request.stride, request.ownership)) {
      this.#filling.delete(key);
      return true;
    }
    state.ranges.push({ ...range, to: range.from + count });
    state.count += count;
    range.from += count;
    if (state.count === state.limit) this.#filling.delete(key);
    return true;
  }

  #openSlot({ ticket: { request } }: Range, key: string): number | undefined {
    const limit = this.#limitFor(request);
    // The last free slot is for interactive requests, which must not wait for bulk batches to come back.
    const slot = this.#free.length > (request.interactive ? 0 : 1) ? this.#free.pop() : undefined;
    if (slot === undefined) return undefined;
    this.#sequence = (this.#sequence + 1) | 0;
    this.#slots.open(slot, {
      model: request.model,
      size: request.size,
      interactive: request.interactive,
      sequence: this.#sequence,
    });
    this.#states[slot] = { ranges: [], count: 0, limit, key };
    this.#filling.set(key, slot);
    return slot;
  }

  /** Positions that the next slot may hold: as many as fit; of interactive ones a thread's share, and some for the next batch. */
  #limitFor({ interactive }: QueuedPositions): number {
    const { capacity } = this.#slots;
    if (!interactive) return capacity;
    const share = Math.ceil(this.#pendingInteractive / (AHEAD * this.#threads()));
    return Math.min(capacity, Math.max(SMALLEST_SHARE, share));
  }

  /** Takes back slots that nobody waits for any more: their model may be released now. */
  #withdrawAbandoned(): void {
    for (let slot = 0; slot < this.#states.length; slot++) this.#withdrawIfAbandoned(slot);
  }

  #withdrawIfAbandoned(slot: number): void {
    const state = this.#states[slot];
    if (!state || state.ranges.some(({ ticket }) => ticket.left > 0)) return;
    if (state.count > 0 && !this.#slots.withdraw(slot, state.count)) return;
    this.#take(slot);
    this.#release(slot);
  }

  #take(slot: number): SlotState {
    const state = this.#states[slot];
    if (!state) throw new AppError('internal', `Broken invariant: slot ${String(slot)} holds nothing`);
    if (this.#filling.get(state.key) === slot) this.#filling.delete(state.key);
    this.#states[slot] = undefined;
    return state;
  }

  #release(slot: number): void {
    this.#slots.free(slot);
    this.#free.push(slot);
  }

  #settle(ticket: Ticket, count: number): void {
    ticket.left -= count;
    this.#count(ticket.request, -count);
    if (ticket.left === 0) this.#tickets.delete(ticket.request);
  }

  #count({ interactive }: QueuedPositions, change: number): void {
    this.#pending += change;
    if (interactive) this.#pendingInteractive += change;
  }

  #giveUp(ticket: Ticket): void {
    this.#settle(ticket, ticket.left);
  }

  #failTicket(ticket: Ticket, error: AppError): void {
    if (ticket.left === 0) return;
    this.#giveUp(ticket);
    ticket.request.fail(error);
  }
}
