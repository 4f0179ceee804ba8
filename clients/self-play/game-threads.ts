/** Threads that play the games of a worker, over its one connection. As many are used as the games need. */

import { sum } from '../../src/core/statistics.js';
import { keepTrace, trace } from '../../src/core/trace.js';
import type { GameRecord } from '../../src/go/game-record.js';
import { ServiceThread } from '../../src/threads/service-thread.js';
import { threadUrl } from '../../src/threads/thread-url.js';
import type { Connection } from '../shared/connection.js';
import type { GameCalls, GameEvent, GameStart } from './game-messages.js';
import type { GamePlayers, GamePlayersOptions, PlayersSeen } from './game-players.js';
import { OwnedCalls } from './owned-calls.js';
import type { PlayedGame } from './play-game.js';

/** Games from which on another thread is used: those of a thread shall fill batches of their own. */
const GAMES_A_THREAD = 256;

/** A thread, and what it does. */
interface GameThread {
  readonly thread: ServiceThread<GameCalls, undefined, GameEvent>;
  games: number;
  seen: PlayersSeen;
}

/** Plays in up to `count` threads. */
export class GameThreads implements GamePlayers {
  readonly #threads: readonly GameThread[];
  #started = 0;

  constructor(connection: Connection, options: GamePlayersOptions, count: number) {
    this.#threads = Array.from({ length: count }, (_, i) => startThread(connection, options, `games ${i}`));
  }

  start(
    game: PlayedGame,
    dropped: AbortSignal,
    onDone: (record: GameRecord) => void,
    onError: (error: unknown) => void,
  ): void {
    const chosen = this.#next();
    const number = this.#started++;
    const drop = (): void => chosen.thread.tell('drop', number);
    const play = async (): Promise<void> => {
      dropped.addEventListener('abort', drop, { once: true });
      chosen.games++;
      try {
        const record = await chosen.thread.call('play', number, game);
        if (record && !dropped.aborted) onDone(record);
      } catch (error) {
        // A thread that has ended was closed, or its end is that of `run`.
        if (!chosen.thread.isGone) onError(error);
      } finally {
        chosen.games--;
        dropped.removeEventListener('abort', drop);
      }
    };
    void play();
  }

  async run(signal: AbortSignal): Promise<void> {
    const closing = async (): Promise<void> => {
      await Promise.all(this.#threads.map(({ thread }) => thread.close()));
    };
    let stop: () => void = () => undefined;
    const stopped = new Promise<void>((resolve) => (stop = resolve));
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      await Promise.race([stopped, ...this.#threads.map(({ thread }) => thread.call('run'))]);
    } finally {
      signal.removeEventListener('abort', stop);
      await closing();
    }
  }

  seen(): PlayersSeen {
    const all = this.#threads.map(({ seen }) => seen);
    const ways = all.flatMap(({ wayMs }) => (wayMs === undefined ? [] : [wayMs]));
    return {
      evaluations: sum(all.map(({ evaluations }) => evaluations)),
      refusals: sum(all.map(({ refusals }) => refusals)),
      wayMs: ways.length === 0 ? undefined : Math.min(...ways),
      capacity: Math.max(...all.map(({ capacity }) => capacity)),
      speed: Math.max(...all.map(({ speed }) => speed)),
    };
  }

  /** The thread with the fewest games, of as many as all games need. */
  #next(): GameThread {
    const games = sum(this.#threads.map((thread) => thread.games));
    const used = this.#threads.slice(0, 1 + Math.floor(games / GAMES_A_THREAD));
    return used.reduce((a, b) => (b.games < a.games ? b : a));
  }
}

function startThread(connection: Connection, { precision, log }: GamePlayersOptions, name: string): GameThread {
  const start: GameStart = { precision, traced: trace ? name : '' };
  const thread = new ServiceThread<GameCalls, undefined, GameEvent>({
    name,
    url: threadUrl(import.meta.url, './game-thread.js'),
    start,
    event: (event) => {
      if ('seen' in event) game.seen = event.seen;
      else if ('trace' in event) keepTrace(event.trace);
      else if ('log' in event) log(event.log, event.fields);
      else if ('request' in event) calls.request(event.call, event.request);
      else calls.end(event.call, event.isAbandoned);
    },
  });
  const calls = new OwnedCalls(connection, {
    answer: (call, bytes) => thread.tell('answer', call, bytes),
    ended: (call, why) => thread.tell('ended', call, why),
  });
  const game: GameThread = {
    thread,
    games: 0,
    seen: { evaluations: 0, refusals: 0, wayMs: undefined, capacity: 0, speed: 0 },
  };
  return game;
}
