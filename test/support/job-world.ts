/** Everything around an AlphaZeroJob, in memory: stored games, checkpoint, models, a clock, a worker that plays at random. */

import { createHash } from 'node:crypto';
import { onnxRuntimeEngine } from '../../src/engine/onnxruntime/engine.js';
import type { GameRecord } from '../../src/go/game-record.js';
import { readAlphaZeroConfig } from '../../src/trainer/alphazero/config.js';
import { AlphaZeroJob } from '../../src/trainer/alphazero/job.js';
import type { AlphaZeroPorts } from '../../src/trainer/alphazero/ports.js';
import type { ProgressPoint, RatingRow } from '../../src/trainer/harness/ports.js';
import type { StoredGame } from '../../src/trainer/go-data/stored-game.js';
import type { Work } from '../../src/trainer/go-data/work.js';
import { inProcessTraining } from '../../src/trainer/alphazero/training-loop.js';
import type { TrainingFactory } from '../../src/trainer/alphazero/training.js';
import { memoryModels, noGames } from './job-ports.js';
import { randomGame } from './random-games.js';

/** Settings of a job that is over in a second. */
export const tinyJob = {
  size: 5,
  blocks: 1,
  channels: 8,
  batchSize: 16,
  startPositions: 40,
  windowMin: 100,
  candidateSeconds: 0,
  candidateSteps: 20,
  ratingGames: 4,
  ratingShare: 0.3,
  minutes: 0,
  maxGames: 60,
  learningRate: 0.02,
};

export class JobWorld {
  readonly games: StoredGame[] = [];
  readonly points: ProgressPoint[] = [];
  readonly models = new Map<string, Uint8Array>();
  readonly gameIds = new Set<string>();
  readonly seeds = new Set<number>();
  promoted: string[] = [];
  rated: readonly RatingRow[] = [];
  checkpoint: Uint8Array | undefined;
  nowMs = 0;
  changes = 0;
  /** Nothing more reaches the disk, as after kill -9. */
  isDead = false;
  /** Thrown by the next call that stores a model. */
  putError: Error | undefined;

  job(
    settings: Readonly<Record<string, unknown>> = {},
    options: Partial<AlphaZeroPorts> & { training?: TrainingFactory; initialModel?: Uint8Array } = {},
  ): AlphaZeroJob {
    const { training = inProcessTraining(onnxRuntimeEngine()), initialModel, ...ports } = options;
    return new AlphaZeroJob(
      readAlphaZeroConfig({ ...tinyJob, ...settings }),
      { ...this.#ports(initialModel), ...ports },
      training,
    );
  }

  /** Plays one game; the newer version wins rating games. */
  play(work: Work): StoredGame {
    if (this.gameIds.has(work.gameId)) throw new Error(`game id ${work.gameId} was given out twice`);
    this.gameIds.add(work.gameId);
    this.seeds.add(work.seed);
    const { size } = work.settings;
    let record: GameRecord = {
      ...randomGame({ size, seed: work.seed, gameId: work.gameId }),
      modelVersion: work.modelVersion ?? '',
    };
    if (work.match) {
      const refs = [...this.models.keys()];
      const blackIsNewer = refs.indexOf(work.match.blackModel) > refs.indexOf(work.match.whiteModel);
      record = { ...record, match: work.match, resigned: blackIsNewer ? 2 : 1 };
    }
    const game = { sequence: this.games.length + 1, record };
    this.games.push(game);
    return game;
  }

  /** Plays until `isEnough`, or the job ends; waits while there is nothing to play. */
  async playUntil(job: AlphaZeroJob, isEnough: () => boolean = () => false): Promise<void> {
    let isOver = false;
    const ended = (): boolean => isOver;
    job.finished.finally(() => (isOver = true)).catch(() => undefined);
    while (!ended() && !isEnough()) {
      const work = job.nextWork();
      if (work) job.gameStored(this.play(work));
      // Training keeps up, so that a test sees the same whatever the speed of the machine.
      do await new Promise((resolve) => setImmediate(resolve));
      while (!ended() && (job.metrics()['backlog'] ?? 0) > 0);
    }
  }

  #ports(initialModel: Uint8Array | undefined): AlphaZeroPorts {
    return {
      jobId: 'job',
      model: 'model',
      games: { ...noGames, after: (_jobId, after) => this.#stored(after) },
      checkpoints: {
        load: () => Promise.resolve(this.checkpoint),
        save: (_step, bytes) => {
          if (!this.isDead) this.checkpoint = bytes;
          return Promise.resolve();
        },
      },
      models: {
        ...memoryModels(initialModel),
        put: (bytes) => {
          if (this.putError) return Promise.reject(this.putError);
          const ref = `model@${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`;
          this.models.set(ref, bytes);
          return Promise.resolve(ref);
        },
        promote: (ref) => {
          this.promoted.push(ref);
          return Promise.resolve();
        },
        rate: (rows) => {
          this.rated = rows;
          return Promise.resolve();
        },
      },
      progress: (point) => {
        this.points.push(point);
      },
      workChanged: () => {
        this.changes++;
      },
      now: () => this.nowMs,
    };
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the interface is asynchronous
  async *#stored(after: number): AsyncGenerator<StoredGame & { positions: number }> {
    for (const game of this.games) {
      if (game.sequence > after) yield { ...game, positions: game.record.searches.length };
    }
  }
}
