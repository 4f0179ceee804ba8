/**
 * A move in time whatever the server does. Where a clock runs, a network that says nothing about the position is not
 * waited for until the flag falls: a small search with random playouts moves instead, and the log says so.
 */

import { AppError } from '../../src/core/errors.js';
import { Rng } from '../../src/core/rng.js';
import type { Position } from '../../src/go/position.js';
import type { Choice } from '../../src/player/move-choice.js';
import { RetryQueue } from '../shared/retry-queue.js';
import { UctPlayer } from '../shared/uct.js';
import { finish, generate, type GenerateOptions } from './generate.js';
import type { Session } from './session.js';

/** Enough to take what can be taken and to save what is in atari; a fraction of a second on small boards. */
const fallbackPlayouts = 5000;
/** The search holds up everything else that the bridge does, so it is short. */
const longestFallbackMs = 300;

/** As `generate`; where time is limited it has moved by `Session.networkWaitMs` and a fraction of a second. */
export async function* generateInTime(session: Session, options: GenerateOptions): AsyncGenerator<string, Choice> {
  const started = performance.now();
  const waitMs = session.networkWaitMs(options.color);
  if (!isFinite(waitMs)) return yield* generate(session, options);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), waitMs);
  try {
    return yield* generate(session, { ...options, stop: AbortSignal.any([options.stop, late.signal]) });
  } catch (thrown) {
    const error = AppError.from(thrown);
    const silent = late.signal.aborted || RetryQueue.helps(error) || error.kind === 'deadline-exceeded';
    if (options.stop.aborted || error.kind === 'internal' || !silent) throw thrown;
    const reason = late.signal.aborted ? `no answer within ${String(Math.round(waitMs))} ms` : error.message;
    session.onTrouble(new AppError('unavailable', `A move is made without the network: ${reason}`, { cause: error }));
    const choice = moveWithoutNetwork(session.game.positionFor(options.color), Math.min(longestFallbackMs, waitMs / 4));
    return finish(session, options, choice, started);
  } finally {
    clearTimeout(timer);
  }
}

/** The same move for the same position, as far as time allows the same number of playouts. */
function moveWithoutNetwork(position: Position, timeMs: number): number {
  const until = performance.now() + timeMs;
  return new UctPlayer({ playouts: fallbackPlayouts }).chooseMove(
    position,
    new Rng(position.hashLow >>> 0),
    () => performance.now() >= until,
  );
}
