/**
 * The answers of one stream on their way to a client who may be slower than the search: of the reports that are not final only
 * the latest waits, and a client who takes nothing for long is given up.
 */

import { AppError } from '../../core/errors.js';
import { Condition } from '../../core/condition.js';

/** Answers in the queue from which on `room` waits. */
const MOST_QUEUED = 64;

/** One answer as bytes, of which one may take the place of another before it is sent. */
interface Queued {
  readonly bytes: Uint8Array;
  readonly mayBeReplaced: boolean;
}

/** Read once, by the call. */
export class AnswerQueue {
  readonly #stallMs: number;
  readonly #stalled: () => void;
  readonly #queue: Queued[] = [];
  readonly #changed = new Condition();
  #end: { readonly error?: unknown } | undefined;

  /** @param stalled called when the client has taken nothing for `stallMs` although something waits */
  constructor(stallMs: number, stalled: () => void) {
    this.#stallMs = stallMs;
    this.#stalled = stalled;
  }

  push(bytes: Uint8Array): void {
    this.#add({ bytes, mayBeReplaced: false });
  }

  /** A report in whose place the next answer may come. */
  offer(bytes: Uint8Array): void {
    this.#add({ bytes, mayBeReplaced: true });
  }

  /** Resolves once there is room for more, or the stream has ended. */
  async room(): Promise<void> {
    await this.#changed.until(() => this.#queue.length < MOST_QUEUED || this.#end !== undefined);
  }

  /** Ends the stream after what is queued, with an error if there is one. */
  end(failure: { readonly error?: unknown } = {}): void {
    this.#end ??= failure;
    this.#changed.notifyAll();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      await this.#changed.until(() => this.#queue.length > 0 || this.#end !== undefined);
      const next = this.#queue.shift();
      this.#changed.notifyAll();
      if (!next) break;
      // The yield lasts until the client's stream has room for more.
      const timer = setTimeout(() => this.#giveUp(), this.#stallMs);
      try {
        yield next.bytes;
      } finally {
        clearTimeout(timer);
      }
    }
    if (this.#end && 'error' in this.#end) throw this.#end.error;
  }

  #giveUp(): void {
    const seconds = this.#stallMs / 1000;
    this.#queue.length = 0;
    this.end({ error: new AppError('deadline-exceeded', `The client has read nothing for ${seconds} seconds`) });
    this.#stalled();
  }

  #add(answer: Queued): void {
    if (this.#end) return;
    if (this.#queue.at(-1)?.mayBeReplaced) this.#queue.pop();
    this.#queue.push(answer);
    this.#changed.notifyAll();
  }
}
