/** One search with many leaves in flight: it goes on collecting while answers are awaited, which come in any order. */

import { Condition } from '../core/condition.js';
import { assert } from '../core/errors.js';
import type { Evaluation } from './evaluator.js';
import type { Leaf } from './leaf.js';

/** What is needed of a search (`Search` of search.ts). */
export interface StreamedSearch<G, E> {
  readonly inFlight: number;
  readonly isOver: boolean;
  collect(most: number): readonly Leaf<G>[];
  answer(leaf: Leaf<G>, evaluation: E): void;
  abandon(): void;
}

interface Answer<G, E> {
  readonly leaves: readonly Leaf<G>[];
  readonly evaluations: readonly E[];
}

/** Parts in which leaves are sent, so that some are answered, and others collected, while the rest is being evaluated. */
const PARTS = 4;

/** Sends the leaves of a search to be evaluated, and hands it the answers. */
export class LeafStream<G, E extends Evaluation> {
  readonly #search: StreamedSearch<G, E>;
  readonly #evaluate: (games: readonly G[]) => Promise<readonly E[]>;
  readonly #answers: Answer<G, E>[] = [];
  readonly #changed = new Condition();
  #failure: { readonly error: unknown } | undefined;

  /** @param evaluate called with the leaves that are collected at once; their games do not change until it has answered */
  constructor(search: StreamedSearch<G, E>, evaluate: (games: readonly G[]) => Promise<readonly E[]>) {
    this.#search = search;
    this.#evaluate = evaluate;
  }

  /**
   * Fills up to `most` leaves in flight and waits until some are answered; false if the search is over.
   *
   * @throws what `evaluate` throws
   */
  async advance(most: number): Promise<boolean> {
    const leaves = this.#search.collect(most);
    const part = Math.ceil(most / PARTS);
    for (let from = 0; from < leaves.length; from += part) this.#send(leaves.slice(from, from + part));
    if (this.#search.isOver) return false;
    if (this.#search.inFlight === 0) {
      // Simulations that end in finished games wait for nothing, and would not let anybody else be heard.
      await new Promise((resolve) => setTimeout(resolve));
      return true;
    }
    await this.#changed.until(() => this.#answers.length > 0 || this.#failure !== undefined);
    if (this.#failure) throw this.#failure.error;
    for (const answer of this.#answers.splice(0)) this.#take(answer);
    return true;
  }

  /** Ends the search with what it has: leaves in flight are taken back, and answers that still come are ignored. */
  close(): void {
    this.#search.abandon();
  }

  #send(leaves: readonly Leaf<G>[]): void {
    this.#evaluate(leaves.map((leaf) => leaf.game)).then(
      (evaluations) => {
        this.#answers.push({ leaves, evaluations });
        this.#changed.notifyAll();
      },
      (error: unknown) => {
        this.#failure ??= { error };
        this.#changed.notifyAll();
      },
    );
  }

  #take({ leaves, evaluations }: Answer<G, E>): void {
    assert(evaluations.length === leaves.length, 'every leaf of a batch has one evaluation');
    for (let i = 0; i < leaves.length; i++) this.#search.answer(leaves[i]!, evaluations[i]!);
  }
}
