/** A session thread whose batches take as long as the scheduler likes; it answers who was asked about. */

import { createHash } from 'node:crypto';
import type fc from 'fast-check';
import { AppError } from '../../src/core/errors.js';
import { packedBytes } from '../../src/go/packed-position.js';
import { scoreFields } from '../../src/go/scores.js';
import type { PoolThread } from '../../src/evaluator/session-pool.js';
import type { InferOutputs, ModelBytes, ThreadStart } from '../../src/evaluator/session-messages.js';
import type { ThreadEvents } from '../../src/evaluator/session-thread.js';
import type { ModelShape } from '../../src/evaluator/model-source.js';
import type { Slots } from '../../src/evaluator/slots.js';
import type { Promises } from './explore.js';
import { turn } from './explore.js';

/** What becomes of a batch. */
export type Fate = 'answer' | 'refuse' | 'die';

/** What threads share. */
export interface ThreadWorld {
  readonly scheduler: fc.Scheduler;
  readonly promises: Promises;
  /** Threads that wait for work; called once. */
  readonly waiting: Set<() => void>;
  nextFate(): Fate;
}

const shape: ModelShape = { boards: [2, 2], planes: 1, globals: 1, outputs: [] };

/** The score that a model version gives to a packed position. */
export function scoreOf(record: Uint8Array, ref: string): number {
  return createHash('sha256').update(record).update(ref).digest().readUIntBE(0, 3);
}

export class ScheduledThread implements PoolThread {
  readonly ready: Promise<void>;
  readonly #world: ThreadWorld;
  readonly #thread: number;
  readonly #slots: Slots;
  readonly #events: ThreadEvents;
  readonly #refs: Map<number, string>;
  #batch: Promise<void> = Promise.resolve();
  #isStopping = false;
  #isGone = false;
  #ended: () => void = () => undefined;
  readonly #end = new Promise<void>((resolve) => (this.#ended = resolve));

  constructor(world: ThreadWorld, { thread, models }: ThreadStart, slots: Slots, events: ThreadEvents) {
    this.#world = world;
    this.#thread = thread;
    this.#slots = slots;
    this.#events = events;
    this.#refs = new Map(models.map(({ model, ref }) => [model, ref]));
    this.ready = turn(world.scheduler, `thread ${thread} starts`);
    void this.#work();
  }

  async load({ model, ref }: ModelBytes): Promise<ModelShape> {
    await this.#command('load');
    this.#refs.set(model, ref);
    return shape;
  }

  async release(model: number): Promise<void> {
    await this.#command('release');
    this.#refs.delete(model);
  }

  infer(): Promise<InferOutputs> {
    throw new Error('Nobody infers here');
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.wake();
    await this.#end;
  }

  crash(): Promise<void> {
    throw new Error('Batches decide who dies');
  }

  wake(): void {
    for (const wake of [...this.#world.waiting]) {
      this.#world.waiting.delete(wake);
      wake();
    }
  }

  async #command(name: string): Promise<void> {
    await turn(this.#world.scheduler, `thread ${this.#thread} ${name}`);
    // Commands are seen to between batches.
    await this.#batch;
    if (this.#isGone || this.#isStopping) throw new AppError('unavailable', 'The evaluation thread ended');
    this.wake();
  }

  async #work(): Promise<void> {
    await this.ready;
    while (!this.#isStopping && !this.#isGone) {
      const slot = this.#slots.claim(this.#thread);
      if (slot < 0) await new Promise<void>((resolve) => this.#world.waiting.add(resolve));
      else await (this.#batch = this.#run(slot));
    }
    this.#isGone = true;
    this.#ended();
  }

  async #run(slot: number): Promise<void> {
    const { scheduler, promises } = this.#world;
    // A thread looks for the model when it has claimed the batch, and reads no command before it has computed.
    const ref = this.#refs.get(this.#slots.model(slot));
    await turn(scheduler, `thread ${this.#thread} batch`);
    const fate = this.#world.nextFate();
    if (fate === 'die') {
      this.#isGone = true;
      if (!this.#isStopping) this.#events.died(new Error('it died'));
    } else if (fate === 'refuse') this.#events.failed(slot, new AppError('internal', 'refused'));
    else {
      const count = this.#slots.claimedCount(slot);
      promises.expect(ref !== undefined, 'A batch names a model that the thread does not hold');
      const bytes = packedBytes(2);
      const { scores } = this.#slots.outputs(slot, count, 2);
      for (let i = 0; i < count; i++) {
        const record = this.#slots.packed(slot).slice(i * bytes, (i + 1) * bytes);
        scores[i * scoreFields.length] = scoreOf(record, ref ?? '');
      }
      this.#events.finished(slot);
    }
    this.wake();
  }
}
