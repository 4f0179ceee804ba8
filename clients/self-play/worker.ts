/**
 * The self-play worker: holds many games at once, evaluates their leaves on the server, submits what is finished and plays
 * what it is given next. `tengen worker` runs this.
 */

import { randomBytes } from 'node:crypto';
import { AppError, check } from '../../src/core/errors.js';
import type { AskedPrecision } from '../../src/core/precision.js';
import { Rng } from '../../src/core/rng.js';
import { Backoff } from '../shared/backoff.js';
import { Connection, type ConnectionOptions } from '../shared/connection.js';
import { FIRST_GAMES, keepGameCount, MOST_GAMES } from './game-count.js';
import { gamesInMemory } from './game-memory.js';
import { LONGEST_WAIT_MS, playersHere } from './game-players.js';
import { GameThreads } from './game-threads.js';
import { LeasedGames } from './leased-games.js';
import { WorkLink } from './work-link.js';
import type { WorkerLog } from './worker-log.js';

const MOST_THREADS = 64;

export interface WorkerOptions extends ConnectionOptions {
  /** Games at once, 1 to 4,096; `auto` for as many as keep the server busy (`game-count.ts`). */
  readonly games: number | 'auto';
  /** Threads that games are played in, 1 to 64; 1, the default, plays them in the thread of the caller. */
  readonly threads?: number;
  /** For the server's logs. */
  readonly name: string;
  /** Precision of the evaluations; `auto` if not given. Games that go on while a version is calibrated change to int8 with it. */
  readonly precision?: AskedPrecision;
  /** Ends the worker: it gives its leases back and `runWorker` resolves. */
  readonly signal: AbortSignal;
  readonly log: WorkerLog;
}

export interface WorkerTotals {
  /** Games that the server acknowledged. */
  readonly games: number;
  /** Positions evaluated. */
  readonly evaluations: number;
}

/**
 * Works until `signal` aborts. A server that is away is waited for.
 *
 * @throws AppError when working is impossible: wrong token, wrong protocol version, a model that cannot be evaluated
 */
export async function runWorker(options: WorkerOptions): Promise<WorkerTotals> {
  const { name, threads = 1, log } = options;
  const isAuto = options.games === 'auto';
  const games = options.games === 'auto' ? FIRST_GAMES : options.games;
  check(
    Number.isInteger(games) && games >= 1 && games <= MOST_GAMES,
    () => `games is ${games}; it must be auto, or from 1 to ${MOST_GAMES}`,
  );
  check(
    Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS,
    () => `threads is ${threads}; it must be from 1 to ${MOST_THREADS}`,
  );
  const connection = new Connection(options);
  // Jitter must differ between workers, so this one seed is not reproducible; games have seeds of their own.
  const rng = new Rng(randomBytes(4).readUInt32LE());
  const link = new WorkLink(connection, { name, games, backoff: new Backoff(rng, LONGEST_WAIT_MS), log });
  const playing = { precision: options.precision ?? 'auto', log };
  const players = threads > 1 ? new GameThreads(connection, playing, threads) : playersHere(connection, playing);
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const fail = (error: unknown): void => failed.abort(error);
  const host = new LeasedGames({ link, players, games: isAuto ? MOST_GAMES : games, log, fail });
  const counted = {
    games: () => host.size,
    seen: () => players.seen(),
    versions: () => host.versionsAGame,
    most: () => gamesInMemory(host.treeBytes),
    play: (count: number): void => {
      log('games', { games: count });
      link.play(count);
    },
  };
  const running = [link.run(host, signal), players.run(signal)];
  if (isAuto) running.push(keepGameCount(counted, signal));
  try {
    // Whichever fails first stops the others, so that leases are given back before the error is shown.
    await Promise.all(running.map((part) => part.catch(fail)));
  } finally {
    connection.close();
  }
  if (failed.signal.aborted) throw AppError.from(failed.signal.reason);
  return { games: link.stored, evaluations: players.seen().evaluations };
}
