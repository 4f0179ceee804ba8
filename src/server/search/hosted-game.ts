/** In the main thread: the game of one stream, which lives in a search thread. */

import type { AnsweredPrecision, AskedPrecision } from '../../core/precision.js';
import { AppError, check } from '../../core/errors.js';
import type { Evaluator } from '../../evaluator/evaluator.js';
import type { NewGame, SearchRequest, StartSearch } from '../../proto/tengen/v1/search.js';
import { askedFromWire } from '../../wire/precision.js';
import type { Client } from './evaluations.js';
import type { HostedThread, ThreadGame } from './hosted-thread.js';
import { MOST_VISITS } from './start-search.js';
import type { Outcome } from './thread-messages.js';
import { bytesPerVisit, type TreeHolder, type TreeMemory } from './tree-memory.js';

/** What a game has from the server. */
export interface HostedGameOptions {
  /** Of the game in its thread. */
  readonly number: number;
  readonly thread: HostedThread;
  readonly evaluator: Evaluator;
  readonly memory: TreeMemory;
  /** Whose game it is. */
  readonly client: string;
  readonly admit: Client['admit'];
  readonly longestMs: number;
  /** Called once, when the game is over. */
  readonly closed: () => void;
}

/** One request at a time. */
export class HostedGame implements ThreadGame, TreeHolder {
  /** Takes the reports of the search under way, as bytes. */
  onReport: (bytes: Uint8Array) => void = () => undefined;
  readonly #options: HostedGameOptions;
  #modelVersion = '';
  #size = 0;
  #precision: AskedPrecision = 'auto';
  /** Whether a search has asked for ownership, for which the tree may then have room. */
  #ownership = false;
  #isSearching = false;
  #isClosed = false;

  constructor(options: HostedGameOptions) {
    this.#options = options;
    options.thread.open(options.number, this);
  }

  /** @throws AppError what the request fails with */
  async carryOut(request: SearchRequest): Promise<Uint8Array> {
    switch (request.request?.$case) {
      case 'newGame':
        return this.#begin(request, request.request.value);
      case 'search':
        return this.#search(request, request.request.value);
      default:
        return (await this.#pass(request)).answer;
    }
  }

  /** Ends the search under way. */
  stop(): void {
    this.#options.thread.stop(this.#options.number);
  }

  /** Ends the search and frees all that the game has. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.thread.leave(this.#options.number);
    this.#options.memory.keep(this, 0);
    this.#options.closed();
  }

  /** Whether the game was lost with its thread. */
  get isLost(): boolean {
    return this.#options.thread.isGone;
  }

  get client(): string {
    return this.#options.client;
  }

  get evaluations(): Client {
    const heard = (precision: AnsweredPrecision): void => {
      // Once in float32 always so: a calibration that ends during a game changes nothing in it.
      if (precision === 'fp32') this.#precision = 'fp32';
    };
    return { model: this.#modelVersion, precision: this.#precision, heard, admit: this.#options.admit };
  }

  get isIdle(): boolean {
    return !this.#isSearching;
  }

  forget(): void {
    this.#options.thread.forget(this.#options.number);
  }

  report(bytes: Uint8Array): void {
    this.onReport(bytes);
  }

  async #begin(request: SearchRequest, { model, size, precision }: NewGame): Promise<Uint8Array> {
    const { evaluator, memory } = this.#options;
    const asked = askedFromWire(precision);
    const { ref, shape } = await evaluator.describe(model);
    const [smallest, largest] = shape.boards;
    check(
      size >= smallest && size <= largest,
      () =>
        `Model ${ref} plays ${smallest === largest ? '' : `${smallest}×${smallest} to `}${largest}×${largest}; size is ${size}`,
    );
    const { answer } = await this.#pass(request, { modelVersion: ref });
    memory.keep(this, 0);
    this.#modelVersion = ref;
    this.#size = size;
    this.#precision = asked;
    this.#ownership = false;
    return answer;
  }

  async #search(request: SearchRequest, { visits, ...asked }: StartSearch): Promise<Uint8Array> {
    if (this.#size === 0) return (await this.#pass(request)).answer;
    const { memory, client } = this.#options;
    // A search that may be beside the game: it then has a tree of its own, which ends with it.
    const isBeside = asked.restrictions.length > 0 || asked.player !== 0;
    const ownership = asked.ownership || asked.movesOwnership || this.#ownership;
    const holder: TreeHolder = isBeside ? { client, isIdle: false, forget: () => undefined } : this;
    const perVisit = bytesPerVisit(this.#size, ownership, asked.transpositions > 0);
    let used = memory.heldBy(this);
    this.#isSearching = true;
    try {
      // One more, for the position itself.
      const granted = memory.grant(holder, Math.min(visits, MOST_VISITS) + 1, perVisit) - 1;
      this.#ownership = ownership;
      const outcome = await this.#pass(request, { visits: granted });
      used = Math.max(used, outcome.visits * perVisit);
      return outcome.answer;
    } finally {
      this.#isSearching = false;
      // What was not used is given back; and all of it by a game that was closed meanwhile.
      if (isBeside) memory.keep(holder, 0);
      memory.keep(this, this.#isClosed ? 0 : used);
    }
  }

  #pass(request: SearchRequest, more: { modelVersion?: string; visits?: number } = {}): Promise<Outcome> {
    const { thread, number, longestMs } = this.#options;
    if (this.#isClosed) throw new AppError('cancelled', 'The game is closed');
    return thread.carryOut(number, request, { modelVersion: this.#modelVersion, visits: 0, longestMs, ...more });
  }
}
