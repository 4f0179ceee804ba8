/** The progress of jobs: numbered, kept in the store, and followed by those who watch. */

import type { Logger } from 'pino';
import { Condition } from '../core/condition.js';
import type { ProgressRow, ProgressStore } from '../store/store.js';
import type { ProgressPoint } from '../trainer/harness/ports.js';

const PAGE = 500;

/** The progress of all jobs. */
export class ProgressLog {
  readonly #store: ProgressStore;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #last = new Map<string, number>();
  readonly #changed = new Condition();
  /** How often watchers were made to look again. */
  #changes = 0;

  /** @param now milliseconds since 1970 UTC */
  constructor(store: ProgressStore, logger: Logger, now: () => number) {
    this.#store = store;
    this.#logger = logger;
    this.#now = now;
  }

  /** Must precede the first `append` for a job: finds where its numbers stopped. */
  async open(jobId: string): Promise<void> {
    this.#last.set(jobId, await this.#store.last(jobId));
  }

  /** Keeps a point; watchers see it once it is durable. A point that the disk does not take is logged and dropped. */
  async append(jobId: string, point: ProgressPoint): Promise<void> {
    const sequence = (this.#last.get(jobId) ?? 0) + 1;
    this.#last.set(jobId, sequence);
    try {
      await this.#store.append({ jobId, sequence, timeMs: this.#now(), ...point, ...finite(point) });
    } catch (error) {
      this.#logger.warn({ err: error, jobId, sequence }, 'progress-not-kept');
    }
    this.wake();
  }

  /** Makes every watcher look again. */
  wake(): void {
    this.#changes++;
    this.#changed.notifyAll();
  }

  /**
   * Points after `after` as they come, until `isOver` says that there will be no more or `signal` aborts. What was kept
   * before comes first; nothing is buffered here, so a slow reader costs nothing.
   */
  async *watch(jobId: string, after: number, isOver: () => boolean, signal: AbortSignal): AsyncGenerator<ProgressRow> {
    let sequence = after;
    const wake = (): void => this.#changed.notifyAll();
    signal.addEventListener('abort', wake);
    try {
      for (;;) {
        // A change while rows are read counts as well.
        const seen = this.#changes;
        const wasOver = isOver();
        const page = await this.#store.after(jobId, sequence, PAGE);
        for (const row of page) {
          yield row;
          sequence = row.sequence;
        }
        if (signal.aborted) return;
        if (page.length > 0) continue;
        if (wasOver) return;
        await this.#changed.until(() => this.#changes !== seen || signal.aborted);
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }
}

/** JSON has no number that is not finite: such figures are said in words instead of being kept as nothing, or 0. */
function finite({ metrics, message }: ProgressPoint): Pick<ProgressPoint, 'metrics' | 'message'> {
  const others = Object.entries(metrics).filter(([, value]) => !Number.isFinite(value));
  if (others.length === 0) return { metrics, message };
  const words = others.map(([name, value]) => `${name} is ${value}`).join(', ');
  const kept = Object.entries(metrics).filter(([, value]) => Number.isFinite(value));
  return { metrics: Object.fromEntries(kept), message: message === '' ? words : `${message} (${words})` };
}
