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
import { GamePrecision } from '../shared/game-precision.js';
import { RemoteEvaluator } from '../shared/remote-evaluator.js';
import { FIRST_GAMES, keepGameCount, MOST_GAMES } from './game-count.js';
import { gamesInMemory } from './game-memory.js';
import { GamePool } from './game-pool.js';
import { LeasedGames } from './leased-games.js';
import { WorkLink } from './work-link.js';
import type { WorkerLog } from './worker-log.js';

/** Longest wait before a call is tried again, in milliseconds. */
const longestWaitMs = 5000;

export interface WorkerOptions extends ConnectionOptions {
  /** Games at once, 1 to 4,096; `auto` for as many as keep the server busy (`game-count.ts`). */
  readonly games: number | 'auto';
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
  const { name, log } = options;
  const isAuto = options.games === 'auto';
  const games = options.games === 'auto' ? FIRST_GAMES : options.games;
  check(
    Number.isInteger(games) && games >= 1 && games <= MOST_GAMES,
    () => `games is ${games}; it must be auto, or from 1 to ${MOST_GAMES}`,
  );
  const connection = new Connection(options);
  // A message for each call: the pool has put together what travels together.
  const evaluator = new RemoteEvaluator(connection, {
    priority: 'bulk',
    maxPositions: 1,
    precision: () => new GamePrecision(options.precision ?? 'auto'),
  });
  // Jitter must differ between workers, so this one seed is not reproducible; games have seeds of their own.
  const rng = new Rng(randomBytes(4).readUInt32LE());
  const link = new WorkLink(connection, { name, games, backoff: new Backoff(rng, longestWaitMs), log });
  const pool = new GamePool({ evaluator, backoff: new Backoff(rng, longestWaitMs), log });
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const host = new LeasedGames({
    link,
    pool,
    games: isAuto ? MOST_GAMES : games,
    log,
    fail: (error) => failed.abort(error),
  });
  const { meter } = evaluator;
  const counted = {
    games: () => host.size,
    evaluations: () => pool.evaluations,
    wayMs: () => meter.wayMs,
    capacity: () => meter.capacity,
    versions: () => host.versionsAGame,
    most: () => gamesInMemory(host.treeBytes),
    refusals: () => pool.refusals,
    play: (count: number): void => {
      log('games', { games: count });
      link.play(count);
    },
  };
  try {
    // Whichever fails first stops the other, so that leases are given back before the error is shown.
    const guard = async (part: Promise<void>): Promise<void> => {
      try {
        await part;
      } catch (error) {
        failed.abort(error);
      }
    };
    const running = [link.run(host, signal), pool.run(signal)];
    if (isAuto) running.push(keepGameCount(counted, signal));
    await Promise.all(running.map(guard));
  } finally {
    evaluator.close();
    connection.close();
  }
  if (failed.signal.aborted) throw AppError.from(failed.signal.reason);
  return { games: link.stored, evaluations: pool.evaluations };
}
