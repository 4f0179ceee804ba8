/**
 * What an AlphaZero job needs from the outside and what it hands out. The server adapts the store and the self-play
 * service to these interfaces; tests implement them in memory.
 */

import type { GameRecord } from '../../go/game-record.js';
import type { Rules } from '../../go/rules.js';
import type { BranchSettings } from '../../methods/branching/settings.js';

/** How a game is to be searched; the same fields as SelfPlaySettings of the contract. */
export interface PlaySettings {
  readonly size: number;
  readonly rules: Rules;
  readonly visits: number;
  readonly cheapVisits: number;
  readonly fullSearchShare: number;
  readonly gumbelRoot: boolean;
  readonly gumbelActions: number;
  readonly temperatureMoves: number;
  readonly resignThreshold: number;
  readonly resignPlayoutShare: number;
  readonly maxMoves: number;
  readonly dirichletTotal: number;
  readonly lateTemperature: number;
  readonly earlyForkShare: number;
  readonly fullSearchAbove: number;
  /** Absent for single games. */
  readonly branching?: BranchSettings;
}

/** A rating game: `opening` is played first (Black to begin), then the two versions (name@version) take over. */
export interface MatchWork {
  readonly blackModel: string;
  readonly whiteModel: string;
  readonly opening: readonly number[];
}

/** One game to lease out. Exactly one of `modelVersion` and `match` is set. */
export interface Work {
  /** Unique over all runs of the job; a game submitted under it counts once. */
  readonly gameId: string;
  /** Seed of everything random in the game, from the job's seed and the number of the game; below 2³². */
  readonly seed: number;
  readonly settings: PlaySettings;
  /** name@version that plays both sides. */
  readonly modelVersion?: string;
  readonly match?: MatchWork;
}

/** A durable game of this job. */
export interface StoredGame {
  /** Grows with every game stored, over all jobs or within this one; the order in which training sees the games. */
  readonly sequence: number;
  readonly record: GameRecord;
}

/** The durable games of this job (self-play and rating games). */
export interface GameSource {
  /** Games with `sequence` > `after`, in ascending order, until the present end. */
  games(after: number, options?: { readonly signal?: AbortSignal }): AsyncIterable<StoredGame>;
}

/** Keeps the newest checkpoint of this job; `save` is atomic and durable when its promise resolves. */
export interface CheckpointStore {
  load(): Promise<Uint8Array | undefined>;
  save(step: number, bytes: Uint8Array): Promise<void>;
}

/** Takes the versions that the job makes. All calls are idempotent: after a crash the job may repeat its last ones. */
export interface ModelSink {
  /** Stores a model file under the job's model name; returns its name@version. */
  put(bytes: Uint8Array, info: { readonly step: number }): Promise<string>;
  /** Makes a version the promoted one of its model. */
  promote(ref: string): Promise<void>;
  /** Records ratings (Elo, the job's first version at 0) of those versions whose ratings may have changed. */
  rate(ratings: readonly RatingRow[]): Promise<void>;
}

/** The rating of one version: Elo relative to the job's first version, ± `interval` at 95 %, from `games` games. */
export interface RatingRow {
  readonly ref: string;
  readonly step: number;
  readonly rating: number;
  readonly interval: number;
  readonly games: number;
}

/** One point of progress; the events and metric names of the contract's JobProgress. */
export interface ProgressPoint {
  readonly event: 'train' | 'rating' | 'promotion' | 'growth' | 'state';
  readonly metrics: Readonly<Record<string, number>>;
  readonly message: string;
}

/** Everything that an AlphaZeroJob is given. */
export interface AlphaZeroDependencies {
  readonly jobId: string;
  /** Name of the model that the job trains. */
  readonly model: string;
  /** A model file to start from when the job has no checkpoint yet; without it the network starts at random. */
  readonly initialModel?: Uint8Array;
  readonly games: GameSource;
  readonly checkpoints: CheckpointStore;
  readonly models: ModelSink;
  /** Called for every point of progress; must not throw. */
  progress(point: ProgressPoint): void;
  /** Called when `nextWork` may have work again, or a newer version for games not yet started; must not throw. */
  workChanged(): void;
  /** Milliseconds; only differences count. Date.now in production. */
  readonly now: () => number;
  /** Aborting it cancels the job like `cancel()`. */
  readonly signal?: AbortSignal;
}

/** How a job ended when it did not fail. */
export interface JobOutcome {
  readonly state: 'done' | 'cancelled';
  readonly ratings: readonly RatingRow[];
}
