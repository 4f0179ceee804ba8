/** Who plays the games of a worker: this thread, or others (`game-threads.ts`). */

import { randomBytes } from 'node:crypto';
import type { AskedPrecision } from '../../src/core/precision.js';
import { Rng } from '../../src/core/rng.js';
import type { GameRecord } from '../../src/go/game-record.js';
import { Backoff } from '../shared/backoff.js';
import { GamePrecision } from '../shared/game-precision.js';
import { RemoteEvaluator, type EvaluatorConnection } from '../shared/remote-evaluator.js';
import { GamePool } from './game-pool.js';
import type { PlayedGame } from './play-game.js';
import type { WorkerLog } from './worker-log.js';

/** Longest wait before a call is tried again, in milliseconds. */
export const LONGEST_WAIT_MS = 5000;

/** What was seen while playing. */
export interface PlayersSeen {
  /** Positions evaluated so far. */
  readonly evaluations: number;
  /** How often the server had no room for what was asked. */
  readonly refusals: number;
  /** Milliseconds of the way to the server and back; undefined before its first answer. */
  readonly wayMs: number | undefined;
  /** Positions that the server evaluates at once. */
  readonly capacity: number;
  /** Positions of one message that the server evaluates a millisecond. */
  readonly speed: number;
}

/** Plays games with the evaluations of a server. */
export interface GamePlayers {
  /**
   * Starts a game. `onDone` or `onError` is called once, perhaps before this returns, unless the game is dropped or the players
   * stop before.
   *
   * @param dropped gives the game up
   */
  start(
    game: PlayedGame,
    dropped: AbortSignal,
    onDone: (record: GameRecord) => void,
    onError: (error: unknown) => void,
  ): void;
  /** Plays until `signal` aborts. @throws AppError when the server refuses in a way that trying again cannot change */
  run(signal: AbortSignal): Promise<void>;
  seen(): PlayersSeen;
}

export interface GamePlayersOptions {
  readonly precision: AskedPrecision;
  readonly log: WorkerLog;
}

/** Plays in this thread. */
export function playersHere(connection: EvaluatorConnection, { precision, log }: GamePlayersOptions): GamePlayers {
  // A message for each call: the pool has put together what travels together.
  const evaluator = new RemoteEvaluator(connection, {
    priority: 'bulk',
    maxPositions: 1,
    precision: () => new GamePrecision(precision),
  });
  // Jitter must differ between workers, so this one seed is not reproducible; games have seeds of their own.
  const rng = new Rng(randomBytes(4).readUInt32LE());
  const pool = new GamePool({ evaluator, backoff: new Backoff(rng, LONGEST_WAIT_MS), log });
  return {
    start: (...game) => pool.start(...game),
    async run(signal) {
      try {
        await pool.run(signal);
      } finally {
        evaluator.close();
      }
    },
    seen() {
      const { evaluations, refusals } = pool;
      const { wayMs, capacity, speed } = evaluator.meter;
      return { evaluations, refusals, wayMs, capacity, speed };
    },
  };
}
