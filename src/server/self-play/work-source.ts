/** Where the games to play come from, and who is told when they are done: the running jobs (`jobs.ts`). */

import type { StoredGame } from '../../trainer/go-data/stored-game.js';
import type { Work } from '../../trainer/go-data/work.js';

/** One game to play, and for which job. */
export interface JobWork {
  readonly jobId: string;
  readonly work: Work;
}

/** What SelfPlayService needs of the jobs. */
export interface WorkSource {
  /** The next new game to play; undefined while there is none. */
  nextWork(): JobWork | undefined;
  /** Whether the job's games are still wanted. */
  isRunning(jobId: string): boolean;
  /** Whether a running job has all its self-play, so that only its rating games are wanted. */
  hasAllSelfPlay(jobId: string): boolean;
  /** Whether the job is done for good, so that its games are not wanted any more. */
  isDone(jobId: string): Promise<boolean>;
  /** Whether the job does not run and is not to run when the server starts again; it may be resumed unless it is done. */
  isStopped(jobId: string): Promise<boolean>;
  /** Calls back for each job that becomes done, once it hands out nothing more. @returns a function that ends it */
  onDone(listener: (jobId: string) => void): () => void;
  /** The model version (name@version) that new games of each running job use. */
  currentVersions(): ReadonlyMap<string, string>;
  /** Tells a job of a game that is durable; jobs that do not run find it when they resume. */
  gameStored(game: StoredGame): void;
  /** Calls back whenever `nextWork` or `currentVersions` may have changed. @returns a function that ends it */
  onChange(listener: () => void): () => void;
}
