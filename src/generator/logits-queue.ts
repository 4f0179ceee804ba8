/**
 * Sequences whose logits are asked for. They are computed one after the other, since each holds the memory of its whole
 * answer, and in pieces, between which other work of the thread has its turn and a sequence can be withdrawn.
 */

import { AppError } from '../core/errors.js';
import { cancelled } from '../core/signals.js';
import type { BatchLimits } from './continuous-batch.js';
import type { Decoder } from './decoder.js';

type Logits = Awaited<ReturnType<Decoder['logits']>>;

interface Asked {
  readonly id: number;
  readonly tokens: readonly number[];
  readonly withdrawal: AbortController;
  readonly resolve: (logits: Logits) => void;
  readonly reject: (error: unknown) => void;
}

/** The sequences of one model. */
export class LogitsQueue {
  readonly #decoder: Pick<Decoder, 'logits'>;
  readonly #limits: Pick<BatchLimits, 'maxWaiting' | 'prefillTokens'>;
  #waiting: Asked[] = [];
  #current: Asked | undefined;
  #running: Promise<void> | undefined;

  constructor(decoder: Pick<Decoder, 'logits'>, limits: Pick<BatchLimits, 'maxWaiting' | 'prefillTokens'>) {
    this.#decoder = decoder;
    this.#limits = limits;
  }

  /**
   * The logits after every token [T, V].
   *
   * @param id by which the sequence can be withdrawn
   * @throws AppError 'resource-exhausted' if too many wait, 'cancelled' if the sequence was withdrawn
   */
  ask(id: number, tokens: readonly number[]): Promise<Logits> {
    return new Promise((resolve, reject) => {
      if (this.#current && this.#waiting.length >= this.#limits.maxWaiting) {
        const text = `${this.#waiting.length} requests wait already, which is the most`;
        reject(new AppError('resource-exhausted', text));
        return;
      }
      this.#waiting.push({ id, tokens, withdrawal: new AbortController(), resolve, reject });
      this.#running ??= this.#run().finally(() => (this.#running = undefined));
    });
  }

  /** Withdraws a sequence. Harmless if it is not here. */
  cancel(id: number): void {
    this.#withdraw((asked) => asked.id === id);
  }

  /** Withdraws all, and resolves when nothing is computed any more. */
  async close(): Promise<void> {
    this.#withdraw(() => true);
    await this.#running;
  }

  #withdraw(isMeant: (asked: Asked) => boolean): void {
    for (const { withdrawal, reject } of this.#waiting.filter(isMeant)) {
      withdrawal.abort();
      reject(cancelled(withdrawal.signal));
    }
    this.#waiting = this.#waiting.filter(({ withdrawal }) => !withdrawal.signal.aborted);
    if (this.#current && isMeant(this.#current)) this.#current.withdrawal.abort();
  }

  async #run(): Promise<void> {
    for (let asked = this.#waiting.shift(); asked; asked = this.#waiting.shift()) {
      this.#current = asked;
      const { tokens, withdrawal, resolve, reject } = asked;
      await this.#decoder.logits(tokens, this.#limits.prefillTokens, withdrawal.signal).then(resolve, reject);
    }
    this.#current = undefined;
  }
}
