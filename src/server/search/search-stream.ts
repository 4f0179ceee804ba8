/** One call of Search: requests in, carried out one after the other, and their answers out. */

import type { Logger } from 'pino';
import { AppError } from '../../core/errors.js';
import { SearchResponse, type SearchRequest } from '../../proto/tengen/v1/search.js';
import { isOwnFault, toRequestError } from '../transport/status.js';
import { AnswerQueue } from './answer-queue.js';
import type { HostedGame } from './hosted-game.js';

/** Requests of a stream that may wait for the one under way. */
const MOST_WAITING = 32;

/** What a stream is made of. */
export interface SearchStreamOptions {
  readonly game: HostedGame;
  readonly logger: Logger;
  /** Milliseconds after which a client who reads nothing is given up. */
  readonly stallMs: number;
}

/** The stream of one game. */
export class SearchStream {
  readonly #game: HostedGame;
  readonly #logger: Logger;
  readonly #answers: AnswerQueue;
  /** Under way and waiting, by id; those that were told to stop before they began are marked. */
  readonly #requests = new Map<bigint, { isStopped: boolean }>();
  #current: bigint | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor({ game, logger, stallMs }: SearchStreamOptions) {
    this.#game = game;
    this.#logger = logger;
    this.#answers = new AnswerQueue(stallMs, () => game.close());
    game.onReport = (bytes) => this.#answers.offer(bytes);
  }

  /** Ends when the requests have ended and all are answered; the game then ends, too. */
  async *run(requests: AsyncIterable<SearchRequest>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const leave = (): void => {
      this.#game.close();
      this.#answers.end({ error: signal.reason as unknown });
    };
    signal.addEventListener('abort', leave, { once: true });
    void this.#read(requests);
    try {
      yield* this.#answers;
    } finally {
      signal.removeEventListener('abort', leave);
      this.#game.close();
    }
  }

  async #read(requests: AsyncIterable<SearchRequest>): Promise<void> {
    let failure: { readonly error?: unknown } = {};
    try {
      for await (const request of requests) {
        this.#take(request);
        await this.#answers.room();
      }
    } catch (error) {
      failure = { error };
      // The server stops, or the client is gone: what the search has found until now is its answer.
      for (const waiting of this.#requests.values()) waiting.isStopped = true;
      this.#game.stop();
    }
    await this.#last;
    this.#answers.end(failure);
  }

  #take(request: SearchRequest): void {
    const { requestId, stop } = request;
    const known = this.#requests.get(requestId);
    if (stop) {
      if (known) known.isStopped = true;
      if (this.#current === requestId) this.#game.stop();
      return;
    }
    if (known) {
      this.#fail(
        requestId,
        new AppError('already-exists', `request_id ${requestId} is still unanswered on this stream`),
      );
    } else if (this.#requests.size > MOST_WAITING) {
      const text = `${MOST_WAITING} requests of this stream wait already; take answers before you send more`;
      this.#fail(requestId, new AppError('resource-exhausted', text));
    } else {
      this.#requests.set(requestId, { isStopped: false });
      this.#last = this.#last.then(() => this.#carryOut(request));
    }
  }

  async #carryOut(request: SearchRequest): Promise<void> {
    const { requestId } = request;
    this.#current = requestId;
    try {
      const answer = this.#game.carryOut(request);
      // Stopped before it began: it gives what is known already.
      if (this.#requests.get(requestId)?.isStopped) this.#game.stop();
      this.#answers.push(await answer);
    } catch (error) {
      this.#fail(requestId, error);
      if (this.#game.isLost) this.#answers.end({ error });
    } finally {
      this.#current = undefined;
      this.#requests.delete(requestId);
    }
  }

  #fail(requestId: bigint, thrown: unknown): void {
    if (isOwnFault(thrown)) this.#logger.error({ err: thrown, requestId }, 'search-failed');
    const value = toRequestError(thrown, String(requestId));
    this.#answers.push(SearchResponse.encode({ requestId, answer: { $case: 'error', value } }).finish());
  }
}
