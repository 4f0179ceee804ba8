/** Messages on their way out of a stream, as an async iterator; `room` is how senders wait for a slow peer. */

/** A queue between those who push messages and the one call that sends them. */
export class Outbox<T> implements AsyncIterable<T> {
  readonly #bound: number;
  readonly #messages: T[] = [];
  #end: { readonly error?: unknown } | undefined;
  #wakeReader: () => void = () => undefined;
  #wakeWriters: (() => void)[] = [];

  /** @param bound messages waiting at which `room` waits */
  constructor(bound: number) {
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
    this.#wakeReader();
  }

  /** Ends the stream after what is queued. */
  end(): void {
    this.#end ??= {};
    this.#wakeReader();
    this.#wake();
  }

  /** Ends the stream with an error after what is queued. */
  fail(error: unknown): void {
    this.#end ??= { error };
    this.#wakeReader();
    this.#wake();
  }

  /** Resolves once there is room for more, or the stream has ended. */
  async room(): Promise<void> {
    while (this.#messages.length >= this.#bound && !this.#end) {
      await new Promise<void>((resolve) => this.#wakeWriters.push(resolve));
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    try {
      for (;;) {
        while (this.#messages.length > 0) {
          yield this.#messages.shift()!;
          if (this.#messages.length < this.#bound) this.#wake();
        }
        if (this.#end) {
          if ('error' in this.#end) throw this.#end.error;
          return;
        }
        await new Promise<void>((resolve) => (this.#wakeReader = resolve));
      }
    } finally {
      this.end();
    }
  }

  #wake(): void {
    for (const wake of this.#wakeWriters.splice(0)) wake();
  }
}
