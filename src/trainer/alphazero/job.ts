/**
 * The `alphazero` job: hands out self-play and rating games, trains on the games that come back, makes and rates new
 * versions. The interfaces it needs are in ports.ts. Use:
 *
 *   const job = new AlphaZeroJob(readAlphaZeroConfig(json), dependencies);
 *   await job.start();            // loads the checkpoint and refills the replay window; first version is stored
 *   job.nextWork()                // Work | undefined (undefined: idle until dependencies.workChanged())
 *   job.gameStored({sequence, record})   // after the game is durable
 *   job.currentVersion            // name@version that self-play uses now
 *   job.cancel(); await job.finished   // JobOutcome; rejects with AppError when the job failed
 */

import type { AlphaZeroConfig } from './config.js';
import type { AlphaZeroDependencies, JobOutcome, RatingRow, StoredGame, Work } from './ports.js';

export interface AlphaZeroJobApi {
  start(): Promise<void>;
  nextWork(): Work | undefined;
  gameStored(game: StoredGame): void;
  readonly currentVersion: string;
  ratings(): readonly RatingRow[];
  metrics(): Readonly<Record<string, number>>;
  cancel(): void;
  readonly finished: Promise<JobOutcome>;
}
export type AlphaZeroJobConstructor = new (config: AlphaZeroConfig, dependencies: AlphaZeroDependencies) => AlphaZeroJobApi;
