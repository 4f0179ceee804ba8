/** One stream of SearchService, and the game that the server has on it. */

import { MessageQueue } from '../../src/core/message-queue.js';
import { AppError } from '../../src/core/errors.js';
import type { GameState, Turn } from '../../src/player/game-state.js';
import {
  SearchServiceDefinition,
  type Move,
  type SearchRequest,
  type SearchResponse,
  type StartSearch,
} from '../../src/proto/tengen/v1/search.js';
import { rulesToWire } from '../../src/wire/rules.js';
import type { Connection } from './connection.js';
import { precisionToWire, type GamePrecision } from './game-precision.js';
import { errorFromStatus, fromCall } from './status.js';

/** A game as the server was told of it. */
interface ToldGame {
  readonly game: GameState;
  readonly precision: GamePrecision;
  readonly epoch: number;
  readonly turns: number;
}

/** Lasts until an error or `close`. */
export class SearchLink {
  readonly #model: string;
  readonly #outgoing = new MessageQueue<SearchRequest>();
  readonly #abort = new AbortController();
  readonly #answers: AsyncIterator<SearchResponse>;
  #told: ToldGame | undefined;
  #nextId = 1n;
  #isClosed = false;

  /** @param model name, name@version, or empty for the promoted one */
  constructor(connection: Connection, model: string) {
    this.#model = model;
    const client = connection.client(SearchServiceDefinition);
    this.#answers = client.search(this.#outgoing, { signal: this.#abort.signal })[Symbol.asyncIterator]();
  }

  /** Whether nothing can be asked any more. */
  get isClosed(): boolean {
    return this.#isClosed;
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

  /** The next answer. @throws AppError what a request failed with, or why the stream has ended; the link is closed then */
  async next(): Promise<NonNullable<SearchResponse['answer']>> {
    try {
      const step = await this.#answers.next();
      if (step.done) throw new AppError('unavailable', 'The server ended the stream');
      const { answer } = step.value;
      if (answer === undefined) throw new AppError('internal', 'The server gave an answer that is unknown here');
      if (answer.$case === 'error') throw errorFromStatus(answer.value.code, answer.value.message);
      return answer;
    } catch (error) {
      this.close();
      throw fromCall(error);
    }
  }

  /** Ends the stream and with it the game on the server. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#outgoing.end();
    this.#abort.abort();
    // The call ends when its answers are asked for.
    this.#answers.next().catch(() => undefined);
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
