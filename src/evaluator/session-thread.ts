/** The main thread's handle on one session thread. */

import { AppError } from '../core/errors.js';
import { keepTrace } from '../core/trace.js';
import { receiveError } from '../threads/messages.js';
import { ServiceThread } from '../threads/service-thread.js';
import { threadUrl } from '../threads/thread-url.js';
import type { ModelShape } from './model-source.js';
import type {
  InferInputs,
  InferOutputs,
  ModelBytes,
  SessionCalls,
  SessionEvent,
  ThreadStart,
} from './session-messages.js';
import type { Slots } from './slots.js';

/** What a thread reports without being asked. */
export interface ThreadEvents {
  /** The outputs of `slot` are written. */
  finished(slot: number): void;
  /** The network refused the batch in `slot`. */
  failed(slot: number, error: AppError): void;
  /** The thread is gone though nobody stopped it; called once, after everything it sent. */
  died(cause: unknown): void;
}

export class SessionThread {
  /** Resolves once the thread takes work; rejects if it dies before that, with the reason if the engine gave one. */
  readonly ready: Promise<void>;
  readonly #thread: ServiceThread<SessionCalls, undefined, SessionEvent>;

  constructor(start: ThreadStart, slots: Slots, events: ThreadEvents) {
    this.#thread = new ServiceThread({
      name: `session ${start.thread}`,
      url: threadUrl(import.meta.url, './session-worker.js'),
      start,
      event(event) {
        if (typeof event === 'number') events.finished(event);
        else if ('slot' in event) events.failed(event.slot, receiveError(event.error));
        else keepTrace(event.trace);
      },
      gone: (why) => why && events.died(why),
      // Every sleeping thread wakes, because it is not known which of the waiters is this one.
      sent: () => slots.wake(Infinity),
    });
    this.ready = this.#thread.opened;
  }

  /** Loads a model; a second time for the same number does nothing. */
  load(model: ModelBytes): Promise<ModelShape> {
    return this.#thread.call('load', model);
  }

  /** Frees a model that no slot names any more. */
  release(model: number): Promise<void> {
    return this.#thread.call('release', model);
  }

  /** Runs a model on plain tensors, which are given away, between batches. */
  infer(model: number, inputs: InferInputs): Promise<InferOutputs> {
    const given = [inputs.planes, inputs.globals].map(({ buffer }) => buffer as ArrayBuffer);
    return this.#thread.callGiving(given, 'infer', model, inputs);
  }

  /** Lets the thread finish its batch and end; calls that wait fail. */
  stop(): Promise<void> {
    return this.#thread.close(ended());
  }

  /** Makes the thread die with its next batch after this resolved, as a crash would: `died` is called. */
  crash(): Promise<void> {
    return this.#thread.call('crash');
  }
}

function ended(): AppError {
  return new AppError('unavailable', 'The evaluation thread ended');
}
