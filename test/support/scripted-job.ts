import { AppError } from '../../src/core/errors.js';
import { defaultRules } from '../../src/go/rules.js';
import type { StoredGame } from '../../src/trainer/go-data/stored-game.js';
import type { PlaySettings } from '../../src/trainer/go-data/work.js';
import type { JobOutcome, RunningJob } from '../../src/trainer/harness/job-kind.js';
import type { JobContext } from '../../src/trainer/harness/ports.js';

/** A job whose course the test decides. */
export class ScriptedJob implements RunningJob {
  readonly currentVersion = 'm@1';
  readonly hasAllSelfPlay = false;
  readonly selfPlay = this;
  readonly games: StoredGame[] = [];
  readonly context: JobContext;
  readonly finished: Promise<JobOutcome>;
  works = 0;
  resolve: (outcome: JobOutcome) => void = () => undefined;
  reject: (error: Error) => void = () => undefined;

  constructor(context: JobContext) {
    this.context = context;
    this.finished = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
  start(): Promise<void> {
    if (!this.context.config['broken']) return Promise.resolve();
    const error = new AppError('failed-precondition', 'it is broken');
    this.reject(error);
    return Promise.reject(error);
  }
  nextWork() {
    const settings = { size: 3, rules: defaultRules(3) } as PlaySettings;
    return { gameId: `${this.context.jobId}-${this.works++}`, seed: 1, settings, modelVersion: 'm@1' };
  }
  gameStored(game: StoredGame): void {
    this.games.push(game);
  }
  cancel(): void {
    this.resolve({ state: 'cancelled' });
  }
}
