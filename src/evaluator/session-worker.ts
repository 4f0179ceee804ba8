/**
 * A session thread: takes the next batch whenever it is free, otherwise sleeps. Calls (load, release, infer) are taken
 * between batches; the thread never serves its event loop while it sleeps, so it looks for them itself.
 */

import { AppError, assert } from '../core/errors.js';
import { startTrace, trace } from '../core/trace.js';
import { openEngine } from '../engine/open-engine.js';
import type { Engine } from '../engine/engine.js';
import { threadCpuMs } from '../engine/thread-cpu.js';
import { sendError } from '../threads/messages.js';
import { openDesk, type Desk, type Served, type Tell } from '../threads/serve.js';
import { ServingSession } from './serving-session.js';
import type { ModelBytes, SessionCalls, SessionEvent, ThreadStart } from './session-messages.js';
import { Slots } from './slots.js';
import { SymmetricEvaluation } from './symmetric-evaluation.js';

/** The sessions of the thread. */
class Sessions {
  readonly slots: Slots;
  readonly #start: ThreadStart;
  readonly #engine: Engine;
  readonly #tell: Tell<SessionEvent>;
  readonly #symmetric: SymmetricEvaluation;
  readonly #sessions = new Map<number, ServingSession>();
  #isCrashing = false;

  constructor(start: ThreadStart, engine: Engine, tell: Tell<SessionEvent>) {
    this.slots = new Slots(start.memory);
    this.#start = start;
    this.#engine = engine;
    this.#tell = tell;
    this.#symmetric = new SymmetricEvaluation(start.symmetry);
  }

  served(): Served<SessionCalls> {
    return {
      calls: {
        load: async (model) => (await this.load(model)).shape,
        release: (model) => this.#release(model),
        infer: (model, inputs) => {
          this.#crashIfAsked();
          return this.#sessionOf(model).infer(inputs);
        },
        crash: () => {
          this.#isCrashing = true;
        },
      },
      release: () => this.#close(),
    };
  }

  async load({ model, ref, file, ranges }: ModelBytes): Promise<ServingSession> {
    const known = this.#sessions.get(model);
    if (known) return known;
    const started = trace ? performance.now() : 0;
    try {
      // A private copy: decoding and the engines do not take shared memory.
      const session = await ServingSession.load(new Uint8Array(file).slice(), this.#engine, { ranges });
      this.#sessions.set(model, session);
      trace?.add('load', started, 1);
      return session;
    } catch (error) {
      const { kind, message } = AppError.from(error);
      throw new AppError(kind, `Model ${ref} cannot be loaded: ${message}`, { cause: error });
    }
  }

  /** The slot of the batch to run, or a number below 0. */
  claim(): number {
    return this.slots.claim(this.#start.thread);
  }

  async runBatch(slot: number): Promise<void> {
    this.#crashIfAsked();
    const { slots } = this;
    try {
      const startedNs = process.hrtime.bigint();
      const session = this.#sessionOf(slots.model(slot));
      const count = slots.claimedCount(slot);
      const ownership = slots.wantsOwnership(slot);
      const size = slots.size(slot);
      const outputs = slots.outputs(slot, count, size);
      await this.#symmetric.evaluate(session, { packed: slots.packed(slot), count, size, ownership }, outputs);
      slots.setComputeMicros(slot, Number((process.hrtime.bigint() - startedNs) / 1000n));
      this.#tell(slot);
    } catch (error) {
      this.#tell({ slot, error: sendError(error) });
    }
  }

  #sessionOf(model: number): ServingSession {
    const session = this.#sessions.get(model);
    assert(session !== undefined, `model number ${String(model)} is loaded in thread ${String(this.#start.thread)}`);
    return session;
  }

  async #release(model: number): Promise<void> {
    await this.#sessions.get(model)?.release();
    this.#sessions.delete(model);
  }

  async #close(): Promise<void> {
    for (const session of this.#sessions.values()) await session.release();
    await this.#engine.close();
    if (trace) this.#tell({ trace: trace.read(threadCpuMs()) });
  }

  /** In a thread this ends the thread alone. */
  #crashIfAsked(): void {
    if (this.#isCrashing) process.exit(1);
  }
}

let sessions: Sessions | undefined;
const desk = await openDesk<ThreadStart, SessionCalls, SessionEvent>(async (start, tell) => {
  if (start.traced) startTrace(`session ${String(start.thread)}`);
  sessions = new Sessions(start, await openEngine(start.engine), tell);
  for (const model of start.models) await sessions.load(model);
  return sessions.served();
});

if (desk && sessions) await work(sessions, desk);

async function work(at: Sessions, { next }: Desk): Promise<void> {
  for (;;) {
    const sequence = at.slots.workSequence();
    const call = await next();
    if (call === 'closed') return;
    // A batch after every call, so that a flood of plain-tensor requests does not keep batches waiting.
    const slot = at.claim();
    if (slot >= 0) await at.runBatch(slot);
    else if (call === 'none') at.slots.waitForWork(sequence);
  }
}
