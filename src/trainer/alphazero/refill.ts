/** Gives the training of a job that goes on the stored games that it needs. */

import type { JobGames } from '../harness/ports.js';
import type { Checkpoint } from './checkpoint.js';
import type { Meter } from './meter.js';
import type { RatingGames } from './rating-games.js';
import type { TrainingHandle } from './training.js';

/** Who takes the games. */
export interface RefillParts {
  readonly jobId: string;
  readonly games: JobGames;
  readonly signal: AbortSignal | undefined;
  readonly rating: RatingGames;
  readonly meter: Meter;
  readonly training: TrainingHandle;
  /** Games that may wait for training. */
  readonly maxBacklog: number;
  readonly isEnded: () => boolean;
}

/**
 * Adds the games in the window of the checkpoint, then those that its training had not seen; rating games are counted.
 *
 * @returns the sequence of the last game
 */
export async function refill({ trainer, job }: Checkpoint, parts: RefillParts): Promise<number> {
  const { jobId, games, signal, rating, meter, training, maxBacklog, isEnded } = parts;
  const first = trainer.firstTree ?? trainer.oldest.sequence;
  let last = Math.min(first - 1, trainer.sequence, job.league.sequence || trainer.sequence);
  for await (const game of games.after(jobId, last, signal)) {
    if (isEnded()) return last;
    last = game.sequence;
    if (game.record.match) rating.count(game);
    else if (game.sequence >= first || game.sequence > trainer.sequence) {
      await meter.waitForBacklog(maxBacklog);
      meter.queued(game.sequence > trainer.sequence ? game.record : undefined);
      training.add(game, meter.progress());
    }
  }
  return last;
}
