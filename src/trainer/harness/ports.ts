/** What jobs have of the server: stored models, data, games, a place for checkpoints. The server adapts the store; tests use memory. */

import type { EngineSettings } from '../../engine/engine-settings.js';
import type { ProgressRow } from '../../store/store.js';
import type { StoredGame } from '../go-data/stored-game.js';

/** One point of progress, before it is numbered; the events and metric names of the contract's JobProgress. */
export type ProgressPoint = Pick<ProgressRow, 'metrics' | 'message' | 'times'> & {
  readonly event: 'train' | 'evaluation' | 'samples' | 'rating' | 'growth' | 'promotion' | 'state';
};

/** A stored model, without its file. */
export interface StoredModel {
  /** name@version */
  readonly ref: string;
  readonly name: string;
  readonly sha256: string;
  readonly architectureJson: string;
}

/** A file and its name@version. */
export interface VersionedFile {
  readonly ref: string;
  readonly bytes: Uint8Array;
}

/** The rating of one version: Elo relative to the job's first version, ± `interval` at 95 %, from `games` games. */
export interface RatingRow {
  readonly ref: string;
  readonly step: number;
  readonly rating: number;
  readonly interval: number;
  readonly games: number;
}

/** Stored models, and the versions that the job makes. Calls are idempotent: after a crash a job may repeat its last ones. */
export interface JobModels {
  /** A model by its name, or name@version; undefined if there is none. */
  read(ref: string): Promise<(StoredModel & VersionedFile) | undefined>;
  /** Stores a model file under the job's model name; returns its name@version. */
  put(bytes: Uint8Array, info: { readonly step: number }): Promise<string>;
  /** Makes a version the promoted one of its model. */
  promote(ref: string): Promise<void>;
  /** Records ratings of those versions whose ratings may have changed. */
  rate(ratings: readonly RatingRow[]): Promise<void>;
}

export interface JobDatasets {
  /** Resolves a name, or name@version; the file is given away. @throws AppError 'not-found' */
  read(ref: string): Promise<VersionedFile>;
  /** Takes a name for the job, if it may have it. @throws AppError 'permission-denied' */
  claim(name: string): Promise<void>;
  put(name: string, lines: number, bytes: Uint8Array): Promise<void>;
}

/** Keeps the newest checkpoint of the job; `save` is atomic and durable when its promise resolves. */
export interface JobCheckpoints {
  load(): Promise<Uint8Array | undefined>;
  save(step: number, bytes: Uint8Array): Promise<void>;
}

/** An `alphazero` job and what it has played. */
export interface PlayedJob {
  readonly jobId: string;
  /** Its settings, as the kind has read them. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Training positions of all its games. */
  readonly positions: number;
}

/** The games that the store has committed. */
export interface JobGames {
  /** Games of a job with `sequence` > `after`, in ascending order, until the present end. */
  after(jobId: string, after: number, signal?: AbortSignal): AsyncIterable<StoredGame & { readonly positions: number }>;
  /** The `alphazero` job of this id, or the newest one of a model if `jobId` is ''. @throws AppError 'not-found' */
  played(jobId: string, model: string): Promise<PlayedJob>;
}

/** Everything that a job is given. */
export interface JobPorts {
  readonly jobId: string;
  /** Name of the model that the job trains. */
  readonly model: string;
  /** What the job computes with. */
  readonly engine: EngineSettings;
  readonly models: JobModels;
  readonly datasets: JobDatasets;
  readonly checkpoints: JobCheckpoints;
  readonly games: JobGames;
  /** Called for every point of progress; must not throw. */
  progress(point: ProgressPoint): void;
  /** Called when the self-play that the job wants may have changed; must not throw. */
  workChanged(): void;
  /** Milliseconds; only differences count. Date.now in production. */
  readonly now: () => number;
}

/** What a job that is to run is known by. */
export interface JobContext extends Pick<JobPorts, 'jobId' | 'model' | 'progress' | 'workChanged'> {
  /** The token of level train that created it; '' for an admin. */
  readonly createdBy: string;
  /** All settings, as `JobKind.readConfig` returned them. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** What kinds of jobs have of the server. */
export interface JobWorld {
  /** A model by its name, or name@version; undefined if there is none. */
  model(ref: string): Promise<StoredModel | undefined>;
  /** The newest checkpoint of a job. */
  checkpoint(jobId: string): Promise<Uint8Array | undefined>;
  /** What one job is given. */
  ports(context: JobContext): JobPorts;
}
