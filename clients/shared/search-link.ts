/** One stream of SearchService, and the game that the server has on it. */

import { MessageQueue } from '../../src/core/message-queue.js';
import { AppError } from '../../src/core/errors.js';
import { orAborted } from '../../src/core/signals.js';
import type { GameState, Turn } from '../../src/player/game-state.js';
import {
  SearchServiceDefinition,
  type Move,
  type SearchReport,
  type SearchRequest,
  type SearchResponse,
  type StartSearch,
} from '../../src/proto/tengen/v1/search.js';
import { rulesToWire } from '../../src/wire/rules.js';
import { precisionToWire, type GamePrecision } from './game-precision.js';
import { errorFromStatus, fromCall } from './status.js';

/** What a link needs of a client of SearchService. */
export interface SearchCalls {
  search(
    requests: AsyncIterable<SearchRequest>,
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<SearchResponse>;
}

/** What a link needs of its way to the server; a `Connection` is one. */
export interface SearchConnection {
  client(definition: typeof SearchServiceDefinition): SearchCalls;
}

/** A game as the server was told of it. */
interface ToldGame {
  readonly game: GameState;
  readonly precision: GamePrecision;
  readonly epoch: number;
  readonly turns: number;
}

/** Lasts until an error that ends the game on the server, or `close`. */
export class SearchLink {
  readonly #model: string;
  readonly #outgoing = new MessageQueue<SearchRequest>();
  readonly #abort = new AbortController();
  readonly #answers: AsyncIterator<SearchResponse>;
  /** The answer that was asked for last and has not come yet. */
  #awaited: Promise<IteratorResult<SearchResponse>> | undefined;
  /** Searches whose reports nobody reads; few, as a connection that carries no answers is soon taken for lost. */
  readonly #givenUp = new Set<bigint>();
  #told: ToldGame | undefined;
  #nextId = 1n;
  #hasAnswered = false;
  #isClosed = false;

  /** @param model name, name@version, or empty for the promoted one */
  constructor(connection: SearchConnection, model: string) {
    this.#model = model;
    const client = connection.client(SearchServiceDefinition);
    this.#answers = client.search(this.#outgoing, { signal: this.#abort.signal })[Symbol.asyncIterator]();
  }

  /** Whether nothing can be asked any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether the server had a game, which ended with the link. */
  get hasLostGame(): boolean {
    return this.#isClosed && this.#hasAnswered;
  }

  /** Has the server follow the game, from the moves before where that is possible. Answers come before those of what follows. */
  follow(game: GameState, precision: GamePrecision): void {
    const told = this.#told;
    const { epoch, turns } = game;
    const goesOn = told?.game === game && told.precision === precision && told.epoch === epoch;
    if (goesOn && told.turns <= turns.length) {
      const moves = movesOf(turns.slice(told.turns));
      if (moves.length > 0) this.#send({ $case: 'play', value: { moves } });
    } else {
      const { black, white, toMove } = game.setup;
      const setup = { size: game.size, rules: rulesToWire(game.rules), black: [...black], white: [...white], toMove };
      const asked = precisionToWire(precision.asked);
      const value = { model: this.#model, ...setup, moves: movesOf(turns), precision: asked };
      this.#send({ $case: 'newGame', value });
    }
    this.#told = { game, precision, epoch, turns: turns.length };
  }

  /** Starts a search; returns its id. */
  search(search: StartSearch): bigint {
    return this.#send({ $case: 'search', value: search });
  }

  /** Ends a search, whose final report then comes. */
  stop(requestId: bigint): void {
    this.#outgoing.push({ requestId, request: undefined, stop: true });
  }

  /** Ends a search whose reports are not read any more; the game on the server and what was found in it stay. */
  giveUp(requestId: bigint): void {
    this.stop(requestId);
    this.#givenUp.add(requestId);
  }

  /**
   * The next report of a search.
   *
   * @throws AppError what the search failed with, or 'cancelled' when the signal aborts; or what a request for the game failed
   *   with, or why the stream has ended, and then the link is closed
   */
  async report(requestId: bigint, signal: AbortSignal): Promise<SearchReport> {
    for (;;) {
      const response = await this.#next(signal);
      const { answer } = response;
      if (this.#givenUp.has(response.requestId)) {
        if (answer?.$case !== 'report' || answer.value.isFinal) this.#givenUp.delete(response.requestId);
      } else if (answer?.$case === 'error') {
        const error = errorFromStatus(answer.value.code, answer.value.message);
        // A search that is refused changes nothing; a move that is refused leaves another game than ours.
        if (response.requestId !== requestId || error.kind === 'unavailable') this.close();
        throw error;
      } else if (answer?.$case === 'report' && response.requestId === requestId) {
        return answer.value;
      }
    }
  }

  /** Ends the stream and with it the game on the server. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#outgoing.end();
    this.#abort.abort();
    // The call ends when its answers are asked for.
    (this.#awaited ?? this.#answers.next()).catch(() => undefined);
  }

  async #next(signal: AbortSignal): Promise<SearchResponse> {
    const awaited = (this.#awaited ??= this.#answers.next());
    try {
      const step = await orAborted(awaited, signal);
      this.#awaited = undefined;
      if (step.done) throw new AppError('unavailable', 'The server ended the stream');
      this.#hasAnswered = true;
      return step.value;
    } catch (error) {
      // Whoever waits no longer leaves the answer to the next one.
      if (!signal.aborted) this.close();
      else awaited.catch(() => this.close());
      throw fromCall(error);
    }
  }

  #send(request: NonNullable<SearchRequest['request']>): bigint {
    const requestId = this.#nextId++;
    this.#outgoing.push({ requestId, request, stop: false });
    return requestId;
  }
}

function movesOf(turns: readonly Turn[]): Move[] {
  return turns.map(({ color, action }) => ({ player: color, point: action }));
}
