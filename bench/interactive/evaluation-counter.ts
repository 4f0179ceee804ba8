/** Counts the positions that a server's network evaluates, from the figures that the server sends. */

import type { Connection } from '../../clients/shared/connection.js';
import { Condition } from '../../src/core/condition.js';
import { MonitorServiceDefinition } from '../../src/proto/tengen/v1/monitor.js';

const INTERVAL_MS = 100;

export class EvaluationCounter {
  evaluations = 0;
  readonly #abort = new AbortController();
  readonly #changed = new Condition();
  #lastMs = 0;

  constructor(connection: Connection) {
    void this.#watch(connection).catch(() => undefined);
  }

  /** The count once everything that was evaluated until now is in it. */
  async settled(): Promise<number> {
    await this.#changed.wait();
    await this.#changed.wait();
    return this.evaluations;
  }

  close(): void {
    this.#abort.abort();
  }

  async #watch(connection: Connection): Promise<void> {
    const { signal } = this.#abort;
    const figures = connection.client(MonitorServiceDefinition).watchServer({ intervalMs: INTERVAL_MS }, { signal });
    for await (const { timeMs, evaluator } of figures) {
      if (this.#lastMs > 0) this.evaluations += (evaluator!.evaluationsPerSecond * (timeMs - this.#lastMs)) / 1000;
      this.#lastMs = timeMs;
      this.#changed.notifyAll();
    }
  }
}
