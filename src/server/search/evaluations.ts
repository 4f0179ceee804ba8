/** In the main thread: the evaluations that searches in threads ask for, within the quotas of their clients. */

import { AppError } from '../../core/errors.js';
import type { AnsweredPrecision, AskedPrecision } from '../../core/precision.js';
import { Cancellation, delay, throwIfAborted } from '../../core/signals.js';
import type { Evaluator } from '../../evaluator/evaluator.js';
import { sendError } from '../../threads/messages.js';
import type { Answer, Question } from './thread-messages.js';

/** Longest that a search waits for an evaluator or a quota that has no room, in milliseconds. */
const PATIENCE_MS = 20_000;
/** First and longest wait between two attempts. */
const [FIRST_WAIT_MS, LONGEST_WAIT_MS] = [20, 500];

/** For whom positions are evaluated. */
export interface Client {
  /** name@version. */
  readonly model: string;
  readonly precision: AskedPrecision;
  /** Takes note of an answer. */
  readonly heard: (precision: AnsweredPrecision) => void;
  /** Lets positions in by the client's quota, and says what to call when they are done. @throws AppError */
  readonly admit: (positions: number) => () => void;
}

/** Answers the questions of one thread; answers that are ready in the same turn of the event loop go in one message. */
export class Evaluations {
  readonly #evaluator: Evaluator;
  readonly #send: (answers: readonly Answer[]) => void;
  readonly #running = new Map<number, Cancellation>();
  #answers: Answer[] = [];

  constructor(evaluator: Evaluator, send: (answers: readonly Answer[]) => void) {
    this.#evaluator = evaluator;
    this.#send = send;
  }

  /** Evaluates and answers. Never rejects. */
  async answer(question: Question, client: Client): Promise<void> {
    const { id } = question;
    const cancellation = new Cancellation();
    this.#running.set(id, cancellation);
    try {
      this.#say({ id, ...(await this.#evaluate(question, client, cancellation)) });
    } catch (error) {
      this.#say({ id, error: sendError(AppError.from(error)) });
    } finally {
      this.#running.delete(id);
    }
  }

  /** Gives a question up. */
  withdraw(id: number): void {
    this.#running.get(id)?.abort();
  }

  /** Gives all up. */
  close(): void {
    for (const cancellation of this.#running.values()) cancellation.abort();
  }

  async #evaluate(
    { positions, ownership, isBulk }: Question,
    { model, precision: asked, heard, admit }: Client,
    signal: Cancellation,
  ): Promise<Omit<Extract<Answer, { readonly precision: unknown }>, 'id'>> {
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(LONGEST_WAIT_MS, 2 * waitMs)) {
      let done = (): void => undefined;
      try {
        throwIfAborted(signal);
        done = admit(positions.count);
        const priority = isBulk ? 'bulk' : 'interactive';
        // Whoever has no room has not taken the positions yet.
        const request = { model, precision: asked, positions, ownership, priority, signal } as const;
        const { precision, evaluations } = await this.#evaluator.evaluatePacked(request);
        heard(precision);
        return { precision, capacity: this.#evaluator.capacity, evaluations };
      } catch (error) {
        if (AppError.from(error).kind !== 'resource-exhausted' || performance.now() >= giveUpAt) throw error;
      } finally {
        done();
      }
      await delay(waitMs);
    }
  }

  #say(answer: Answer): void {
    if (this.#answers.length === 0) setImmediate(() => this.#send(this.#answers.splice(0)));
    this.#answers.push(answer);
  }
}
