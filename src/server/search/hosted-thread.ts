/** A search thread as the main thread sees it: the games in it, and the evaluations that they ask for. */

import type { AppError } from '../../core/errors.js';
import type { Evaluator } from '../../evaluator/evaluator.js';
import { ServiceThread } from '../../threads/service-thread.js';
import { threadUrl } from '../../threads/thread-url.js';
import { Evaluations, type Client } from './evaluations.js';
import type { Outcome, Question, SearchCalls, SearchEvent } from './thread-messages.js';

/** What a thread tells of a game. */
export interface ThreadGame {
  /** For whom positions are evaluated. */
  readonly evaluations: Client;
  /** Takes a report that is not final, as bytes. */
  report(bytes: Uint8Array): void;
}

/** A thread with games in it. */
export class HostedThread {
  readonly #thread: ServiceThread<SearchCalls, undefined, SearchEvent>;
  readonly #evaluations: Evaluations;
  readonly #games = new Map<number, ThreadGame>();

  /** @param died called if the thread ends although nobody closed it */
  constructor(evaluator: Evaluator, died: (why: AppError) => void) {
    this.#thread = new ServiceThread({
      name: 'search',
      url: threadUrl(import.meta.url, './search-thread.js'),
      event: (event) => this.#hear(event),
      gone: (why) => {
        this.#evaluations.close();
        if (why) died(why);
      },
    });
    this.#evaluations = new Evaluations(evaluator, (answers) => this.#thread.tell('answer', answers));
  }

  get games(): number {
    return this.#games.size;
  }

  /** Whether the thread has died or was closed. */
  get isGone(): boolean {
    return this.#thread.isGone;
  }

  open(number: number, game: ThreadGame): void {
    this.#games.set(number, game);
    this.#thread.tell('open', number);
  }

  /** Ends the search of a game and frees all that the game has. */
  leave(number: number): void {
    this.#games.delete(number);
    this.#thread.tell('close', number);
  }

  /** @throws AppError what the request fails with; 'unavailable' if the thread dies */
  carryOut(...args: Parameters<SearchCalls['carryOut']>): Promise<Outcome> {
    return this.#thread.call('carryOut', ...args);
  }

  stop(number: number): void {
    this.#thread.tell('stop', number);
  }

  forget(number: number): void {
    this.#thread.tell('forget', number);
  }

  /** Ends the thread; what is under way fails with `why`. */
  async close(why: AppError): Promise<void> {
    await this.#thread.close(why);
  }

  #hear(event: SearchEvent): void {
    if ('report' in event) {
      this.#games.get(event.game)?.report(event.report);
      return;
    }
    for (const question of event.questions) this.#ask(question);
    for (const id of event.withdrawn) this.#evaluations.withdraw(id);
  }

  #ask(question: Question): void {
    const game = this.#games.get(question.game);
    // A game that was closed meanwhile has nobody who waits.
    if (game) void this.#evaluations.answer(question, game.evaluations);
  }
}
