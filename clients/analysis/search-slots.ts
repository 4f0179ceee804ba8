/**
 * The searches that may run at once, shared by all conversations: the highest priority first, and of equal ones the conversation
 * that was served longest ago, so that nobody waits for another's twenty thousand queries.
 */

/** Positions of one conversation that wait. */
export interface WaitingQueue {
  /** Priority of the one to run next; undefined if none waits. */
  readonly next: number | undefined;
  /** Takes it out and runs it; never rejects. */
  runNext(): Promise<void>;
}

/** So many searches at once. */
export class SearchSlots {
  readonly #limit: number;
  /** The one served longest ago first. */
  readonly #queues = new Set<WaitingQueue>();
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  join(queue: WaitingQueue): void {
    this.#queues.add(queue);
  }

  leave(queue: WaitingQueue): void {
    this.#queues.delete(queue);
  }

  /** Runs what waits as far as there is room. */
  fill(): void {
    while (this.#running < this.#limit) {
      const queue = this.#first();
      if (!queue) return;
      this.#queues.delete(queue);
      this.#queues.add(queue);
      this.#running++;
      void queue.runNext().finally(() => {
        this.#running--;
        this.fill();
      });
    }
  }

  #first(): WaitingQueue | undefined {
    let first: WaitingQueue | undefined;
    for (const queue of this.#queues) {
      if (queue.next !== undefined && (first?.next === undefined || queue.next > first.next)) first = queue;
    }
    return first;
  }
}
