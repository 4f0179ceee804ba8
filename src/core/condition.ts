/** Waiting for a state that changes elsewhere in this thread; the one way here to wake up who waits. */

/** Wakes everyone who waits, whenever the state has changed; who waits then looks at the state again. */
export class Condition {
  #waiters: (() => void)[] = [];

  /** Resolves at the next `notifyAll`. */
  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Resolves once `isSo` is true; it is asked now and after every `notifyAll`. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await this.wait();
  }

  /** Says that the state has changed. */
  notifyAll(): void {
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}
