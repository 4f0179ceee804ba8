/** In a search thread: the game of one stream, the tree that goes with it, and what its requests do. */

import type { AnsweredPrecision } from '../../core/precision.js';
import { AppError, check } from '../../core/errors.js';
import type { Color } from '../../go/color.js';
import type { GameState } from '../../player/game-state.js';
import { Thinker, type ThinkerTuning } from '../../player/thinker.js';
import { tuningOf } from '../../player/search-parameters.js';
import { Priority } from '../../proto/tengen/v1/evaluator.js';
import {
  SearchResponse,
  type SearchReport,
  type SearchRequest,
  type StartSearch,
} from '../../proto/tengen/v1/search.js';
import { rulesFromWire } from '../../wire/rules.js';
import { GameSearch } from './game-search.js';
import type { Asker, Questions } from './questions.js';
import { playMoves, setUpGame } from './set-up-game.js';
import { planOf } from './start-search.js';
import type { Grant, Outcome } from './thread-messages.js';

type Answer = NonNullable<SearchResponse['answer']>;

/** What a game is given by its thread. */
export interface StreamGamePorts {
  /** The game's number. */
  readonly game: number;
  readonly questions: Questions;
  /** Sends the bytes of an answer that is not the last one to its request. */
  readonly report: (bytes: Uint8Array) => void;
}

/** One request at a time. */
export class StreamGame {
  readonly #ports: StreamGamePorts;
  #state: GameState | undefined;
  #thinker: Thinker;
  /** Of the search under way, or of the one before. */
  #tuning: ThinkerTuning = tuningOf({}, 1);
  #asker: Omit<Asker, 'ownership'>;
  #trouble: AppError | undefined;
  /** Of the latest answer. */
  #precision: AnsweredPrecision | undefined;
  #stop = new AbortController();
  #ignoresHistory = false;
  /** Searches in a row for a player that looked lost. */
  readonly #hopeless = new Map<Color, number>();

  constructor(ports: StreamGamePorts) {
    this.#ports = ports;
    this.#asker = { game: ports.game, isBulk: false };
    this.#thinker = this.#newThinker();
  }

  /** Carries a request out and gives the last answer to it. @throws AppError */
  async carryOut(request: SearchRequest, grant: Grant): Promise<Outcome> {
    const answer = await this.#answer(request, grant);
    return {
      answer: encode(request.requestId, answer),
      visits: this.#thinker.visits,
    };
  }

  /** Ends the search under way. */
  stop(): void {
    this.#stop.abort();
  }

  /** Frees the tree; to be called between two searches. */
  forget(): void {
    this.#thinker = this.#newThinker();
  }

  async #answer({ requestId, request }: SearchRequest, grant: Grant): Promise<Answer> {
    check(request !== undefined, 'There is no request; it must be new_game, play, undo, rules or search');
    switch (request.$case) {
      case 'newGame':
        this.#state = setUpGame(request.value);
        this.#hopeless.clear();
        this.#precision = undefined;
        this.forget();
        break;
      case 'play':
        playMoves(this.#game(), request.value.moves);
        break;
      case 'undo':
        this.#hopeless.clear();
        takeBack(this.#game(), request.value.moves || 1);
        break;
      case 'rules':
        this.#game().setRules(rulesFromWire(request.value));
        break;
      case 'search':
        return { $case: 'report', value: await this.#search(requestId, request.value, grant) };
    }
    const { turns, position } = this.#game();
    const { toMove, isOver } = position;
    return { $case: 'game', value: { modelVersion: grant.modelVersion, moves: turns.length, toMove, isOver } };
  }

  async #search(requestId: bigint, asked: StartSearch, grant: Grant): Promise<SearchReport> {
    const state = this.#game();
    const plan = planOf(asked, state.size);
    this.#tuning = plan.tuning;
    this.#asker = { game: this.#ports.game, isBulk: asked.priority === Priority.BULK };
    this.#trouble = undefined;
    this.#stop = new AbortController();
    // What the network saw of the moves before is in all that the tree knows.
    if (asked.ignoreHistory !== this.#ignoresHistory) this.forget();
    this.#ignoresHistory = asked.ignoreHistory;
    const search = new GameSearch({
      requestId,
      state,
      asked,
      plan,
      grant,
      thinker: this.#thinker,
      evaluatorFor: (ownership) => this.#evaluatorFor(ownership),
      stop: this.#stop,
      hopeless: this.#hopeless,
      trouble: () => this.#trouble,
      precision: () => this.#precision,
    });
    return search.run((value) => this.#ports.report(encode(requestId, { $case: 'report', value })));
  }

  #newThinker(): Thinker {
    const onTrouble = (error: AppError): void => void (this.#trouble = error);
    return new Thinker(
      (ownership) => this.#evaluatorFor(ownership),
      () => this.#tuning,
      onTrouble,
    );
  }

  #evaluatorFor(ownership: boolean): ReturnType<Questions['evaluatorFor']> {
    return this.#ports.questions.evaluatorFor({ ...this.#asker, ownership }, (precision) => {
      this.#precision = precision;
    });
  }

  #game(): GameState {
    if (!this.#state) throw new AppError('failed-precondition', 'The stream has no game; new_game begins one');
    return this.#state;
  }
}

function takeBack(game: GameState, moves: number): void {
  const { length } = game.turns;
  check(moves <= length, () => `undo has ${moves} moves; the game has ${length} that can be taken back`);
  game.undo(moves);
}

function encode(requestId: bigint, answer: Answer): Uint8Array {
  return SearchResponse.encode({ requestId, answer }).finish();
}
