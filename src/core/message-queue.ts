/** The sending half of a stream: what is pushed comes out of the async iterator in order. */

import { Condition } from './condition.js';

/** A queue between those who push messages and the one loop that sends them. */
export class MessageQueue<T> implements AsyncIterable<T> {
  readonly #bound: number;
  readonly #messages: T[] = [];
  readonly #changed = new Condition();
  #end: { readonly error?: unknown } | undefined;

  /** @param bound messages in the queue from which on `room` waits */
  constructor(bound = Infinity) {
    this.#bound = bound;
  }

  /** Whether `end` or `fail` was called, or the reader stopped. */
  hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Queues a message; ignored after the end. */
  push(message: T): void {
    if (this.#end) return;
    this.#messages.push(message);
    this.#changed.notifyAll();
  }

  /** Ends the stream after what is queued. */
  end(): void {
    this.#end ??= {};
    this.#changed.notifyAll();
  }

  /** Ends the stream with an error after what is queued. */
  fail(error: unknown): void {
    this.#end ??= { error };
    this.#changed.notifyAll();
  }

  /** Resolves once there is room for more, or the stream has ended. */
  async room(): Promise<void> {
    await this.#changed.until(() => this.#messages.length < this.#bound || this.hasEnded());
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    try {
      for (;;) {
        while (this.#messages.length > 0) {
          yield this.#messages.shift()!;
          this.#changed.notifyAll();
        }
        if (this.#end) {
          if ('error' in this.#end) throw this.#end.error;
          return;
        }
        await this.#changed.wait();
      }
    } finally {
      this.end();
    }
  }
}
