/** The waiting that a search does not do itself: driving generators with an asynchronous evaluator. */

import { assert } from '../core/errors.js';
import { throwIfAborted } from '../core/signals.js';
import { trace } from '../core/trace.js';
import type { Evaluation, Evaluator } from './evaluator.js';

/**
 * Runs one search to its end.
 *
 * @throws what the evaluator throws, or AppError 'cancelled'; the search is closed then, and its tree can be used again
 */
export async function drive<G, E extends Evaluation, R>(
  generator: Generator<readonly G[], R, readonly E[]>,
  evaluator: Evaluator<G, E>,
  options: { readonly signal?: AbortSignal } = {},
): Promise<R> {
  try {
    for (let step = generator.next(); ;) {
      if (step.done) return step.value;
      throwIfAborted(options.signal);
      step = generator.next(await evaluator.evaluate(step.value, options));
    }
  } finally {
    // Closes the search if it was given up; after its end this does nothing.
    generator.return(undefined as R);
  }
}

/** As `drive`, for an evaluator that answers at once. */
export function driveSync<G, E extends Evaluation, R>(
  generator: Generator<readonly G[], R, readonly E[]>,
  evaluate: (positions: readonly G[]) => readonly E[],
): R {
  for (let step = generator.next(); ;) {
    if (step.done) return step.value;
    step = generator.next(evaluate(step.value));
  }
}

interface Member<Q, A, R> {
  readonly generator: Generator<Q, R, A>;
  question: Q;
  readonly onDone: (result: R) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Many generators advanced in lockstep: the questions of all of them are answered by one call, so one leaf in flight a
 * game fills a batch. Use two groups alternately to keep both the evaluator and this thread busy.
 *
 * @typeParam Q what a generator yields, @typeParam A what it is resumed with, @typeParam R what it returns
 */
export class LockstepGroup<Q, A, R> {
  #members: Member<Q, A, R>[] = [];

  /** Generators that have not ended. */
  get size(): number {
    return this.#members.length;
  }

  /** Starts a generator. `onDone` or `onError` is called once, in `add` or in a later `step`. */
  add(generator: Generator<Q, R, A>, onDone: (result: R) => void, onError: (error: unknown) => void): void {
    this.#advance(generator, undefined, onDone, onError);
  }

  /**
   * Answers every question once. If `answer` fails nothing has moved, and the step can be tried again.
   *
   * @throws what `answer` throws
   */
  async step(answer: (questions: readonly Q[]) => Promise<readonly A[]>): Promise<void> {
    const asked = this.#members.slice();
    const answers = await answer(asked.map((member) => member.question));
    assert(answers.length === asked.length, 'every question has one answer');
    // Generators added while waiting were not asked, and callbacks may add more: they stay behind the others.
    const added = this.#members.slice(asked.length);
    this.#members = [];
    const started = trace ? performance.now() : 0;
    for (let i = 0; i < asked.length; i++) {
      const { generator, onDone, onError } = asked[i]!;
      this.#advance(generator, answers[i], onDone, onError);
    }
    trace?.add('search', started, asked.length);
    this.#members.push(...added);
  }

  /** Gives up all generators without calling back. */
  close(): void {
    for (const { generator } of this.#members) generator.return(undefined as R);
    this.#members = [];
  }

  #advance(
    generator: Generator<Q, R, A>,
    answer: A | undefined,
    onDone: (result: R) => void,
    onError: (error: unknown) => void,
  ): void {
    let step: IteratorResult<Q, R>;
    try {
      step = generator.next(answer as A);
    } catch (error) {
      onError(error);
      return;
    }
    if (step.done) onDone(step.value);
    else this.#members.push({ generator, question: step.value, onDone, onError });
  }
}
