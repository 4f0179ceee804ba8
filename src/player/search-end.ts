/** What ends the evaluations of a search before their answers: a stop, the clock, or a server that has gone. */

import { AppError } from '../core/errors.js';
import { Cancellation, type CancelSignal } from '../core/signals.js';

/** Longest wait for an answer; a server that takes longer is as good as gone. */
const ANSWER_TIMEOUT_MS = 30_000;

/** One signal for all evaluations of a search. */
export class SearchEnd {
  readonly #end = new Cancellation();
  readonly #hasRoot: () => boolean;
  readonly #stop: AbortSignal | undefined;
  readonly #deadline: AbortSignal;
  #lastAnswer = performance.now();
  readonly #watch: ReturnType<typeof setInterval>;

  /**
   * @param hasRoot whether the root has been evaluated; its evaluation is waited for beyond the deadline, as without it there is
   *   no move
   */
  constructor(hasRoot: () => boolean, stop: AbortSignal | undefined, deadline: AbortSignal) {
    this.#hasRoot = hasRoot;
    this.#stop = stop;
    this.#deadline = deadline;
    stop?.addEventListener('abort', this.#onStop);
    deadline.addEventListener('abort', this.#onDeadline);
    this.#watch = setInterval(() => {
      if (performance.now() - this.#lastAnswer < ANSWER_TIMEOUT_MS) return;
      const seconds = ANSWER_TIMEOUT_MS / 1000;
      this.#end.abort(new AppError('deadline-exceeded', `The server did not answer within ${seconds} seconds`));
    }, 1000);
  }

  get signal(): CancelSignal {
    return this.#end;
  }

  /** Call with every answer: the wait for the next one begins anew. */
  postpone(): void {
    this.#lastAnswer = performance.now();
  }

  /** Frees what watches; evaluations that are still out are cancelled. */
  close(): void {
    clearInterval(this.#watch);
    this.#stop?.removeEventListener('abort', this.#onStop);
    this.#deadline.removeEventListener('abort', this.#onDeadline);
    this.#end.abort(new AppError('cancelled', 'The search is over'));
  }

  readonly #onStop = (): void => this.#end.abort(this.#stop?.reason);
  readonly #onDeadline = (): void => {
    if (this.#hasRoot()) this.#end.abort(new AppError('cancelled', 'The time of the search is over'));
  };
}
