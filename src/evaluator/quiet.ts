/**
 * When work for which nobody waits may go on: not while an interactive request is under way or was until just now, since a
 * person who analyses or plays sends the next one soon; between the batches of bulk requests now and then.
 */

import { Condition } from '../core/condition.js';
import { delay, orAborted, throwIfAborted } from '../core/signals.js';

/** How long after the last interactive request a person may still be at it, in milliseconds. */
const QUIET_MS = 2000;
/** Pause before each piece of work while bulk positions are evaluated, which they are all the time while workers play. */
const BULK_PAUSE_MS = 100;

/** What this module reaches beyond itself for. */
export interface QuietPorts {
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  delay(ms: number, signal: AbortSignal): Promise<void>;
}

const machine: QuietPorts = { now: () => performance.now(), delay };

export class Quiet {
  readonly #pending: () => number;
  readonly #ports: QuietPorts;
  readonly #ended = new Condition();
  #interactive = 0;
  #lastMs = -Infinity;

  /** @param pending positions that wait or are evaluated now */
  constructor(pending: () => number, ports: QuietPorts = machine) {
    this.#pending = pending;
    this.#ports = ports;
  }

  /** An interactive request has come. */
  began(): void {
    this.#interactive++;
  }

  /** It was answered, or given up. */
  ended(): void {
    this.#interactive--;
    this.#lastMs = this.#ports.now();
    this.#ended.notifyAll();
  }

  /** Whether a person is served, now or until just now. */
  get isInteractive(): boolean {
    return this.#interactive > 0 || this.#leftMs() > 0;
  }

  /** Resolves when the next short piece of work may begin. @throws AppError 'cancelled' when the signal aborts */
  async turn(signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    let hasPaused = this.#pending() === 0;
    while (this.isInteractive || !hasPaused) {
      if (this.#interactive > 0) await orAborted(this.#ended.wait(), signal);
      else if (this.isInteractive) await this.#ports.delay(this.#leftMs(), signal);
      else {
        await this.#ports.delay(BULK_PAUSE_MS, signal);
        hasPaused = true;
      }
    }
  }

  #leftMs(): number {
    return this.#lastMs + QUIET_MS - this.#ports.now();
  }
}
