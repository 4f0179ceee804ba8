/** Turns: work on the same key is done one after another, work on different keys at once. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Does `work` once everything asked for before under the same key has ended, however it ended. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const turn = before ? before.then(work, work) : work();
    this.#last.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    }
  }
}
