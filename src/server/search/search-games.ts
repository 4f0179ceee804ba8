/** The games that clients search, spread over a bounded number of threads. */

import type { Logger } from 'pino';
import { AppError } from '../../core/errors.js';
import type { Evaluator } from '../../evaluator/evaluator.js';
import type { Callers, CallFacts } from '../access/callers.js';
import type { Quotas } from '../access/quotas.js';
import type { SearchConfig } from './config.js';
import { HostedGame } from './hosted-game.js';
import { HostedThread } from './hosted-thread.js';
import type { SearchFigures } from './search-figures.js';
import { TreeMemory } from './tree-memory.js';

const MEGABYTE = 2 ** 20;
/** Most games of all clients. */
const MOST_GAMES = 1024;

/** What games are made from. */
export interface SearchGamesOptions {
  readonly evaluator: Evaluator;
  readonly callers: Callers;
  readonly quotas: Quotas;
  readonly config: SearchConfig;
  readonly logger: Logger;
}

/** Opens games; a thread is started when it is first needed. */
export class SearchGames {
  readonly #options: SearchGamesOptions;
  readonly #memory: TreeMemory;
  readonly #games = new Set<HostedGame>();
  #threads: HostedThread[] = [];
  #nextNumber = 0;
  #evaluations = 0;
  #threadDeaths = 0;
  #isClosed = false;

  constructor(options: SearchGamesOptions) {
    this.#options = options;
    const { searchMegabytes, searchClientMegabytes } = options.config;
    this.#memory = new TreeMemory(searchMegabytes * MEGABYTE, searchClientMegabytes * MEGABYTE);
  }

  get figures(): SearchFigures {
    let searches = 0;
    for (const { isIdle } of this.#games) if (!isIdle) searches++;
    return {
      games: this.#games.size,
      searches,
      evaluations: this.#evaluations,
      treeBytes: this.#memory.used,
      treeBytesAllowed: this.#memory.total,
      threads: this.#threads.filter(({ isGone }) => !isGone).length,
      threadDeaths: this.#threadDeaths,
    };
  }

  /** @throws AppError 'resource-exhausted' if the client, or all together, have as many as they may */
  open(call: CallFacts): HostedGame {
    if (this.#isClosed) throw new AppError('unavailable', 'The server is shutting down');
    const { evaluator, callers, quotas, config } = this.#options;
    const client = callers.nameOf(call);
    this.#checkRoom(client);
    const game: HostedGame = new HostedGame({
      number: this.#nextNumber++,
      evaluator,
      client,
      thread: this.#thread(),
      memory: this.#memory,
      admit: (positions) => {
        const done = quotas.admit(call, positions);
        this.#evaluations += positions;
        return done;
      },
      longestMs: config.searchSeconds * 1000,
      closed: () => void this.#games.delete(game),
    });
    this.#games.add(game);
    return game;
  }

  /** Ends all games. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const game of [...this.#games]) game.close();
    const why = new AppError('unavailable', 'The server is shutting down');
    await Promise.all(this.#threads.map((thread) => thread.close(why)));
  }

  #checkRoom(client: string): void {
    const { searchGames } = this.#options.config;
    let own = 0;
    for (const game of this.#games) if (game.client === client) own++;
    if (own >= searchGames) {
      throw new AppError(
        'resource-exhausted',
        `Client '${client}' has ${own} games open for searches, which is all that a client may have; end one first`,
      );
    }
    if (this.#games.size >= MOST_GAMES) {
      throw new AppError(
        'resource-exhausted',
        `The server has ${MOST_GAMES} games open for searches, which is all that it takes; try again later`,
      );
    }
  }

  /** The thread with the fewest games, or a new one while there may be more. */
  #thread(): HostedThread {
    this.#threads = this.#threads.filter((thread) => !thread.isGone);
    const [idlest] = [...this.#threads].sort((a, b) => a.games - b.games);
    const isFull = this.#threads.length >= this.#options.config.searchThreads;
    if (idlest && (isFull || idlest.games === 0)) return idlest;
    const { evaluator, logger } = this.#options;
    const thread: HostedThread = new HostedThread(evaluator, (why) => {
      this.#threadDeaths++;
      logger.error({ err: why, games: thread.games }, 'search-thread-died');
    });
    this.#threads.push(thread);
    return thread;
  }
}
