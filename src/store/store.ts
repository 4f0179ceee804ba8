/**
 * What the server keeps: models, games, jobs and their progress, leases, checkpoints. Every method that changes
 * something resolves only when the change is durable, and may be repeated without harm. Rows are plain data.
 *
 * All methods throw AppError: 'resource-exhausted' when the disk or the queue is full, 'unavailable' when the disk fails
 * or the store is closed. Nothing is half stored in any of these cases.
 */

export const precisions = ['auto', 'fp32', 'int8'] as const;
/** How a model is served: in eight bits where that was found to do no harm, never, or always. */
export type Precision = (typeof precisions)[number];

/** One version of a model. */
export interface ModelRow {
  readonly name: string;
  /** First 12 hexadecimal digits of `sha256`. */
  readonly version: string;
  /** sha256 of the file, hexadecimal. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Largest board that it plays, points on a side; 0 for a language model. */
  readonly size: number;
  readonly parameterCount: number;
  readonly architectureJson: string;
  /** Training step at which it was made; 0 for an untrained or imported one. */
  readonly step: number;
  readonly createdAtMs: number;
  /** Whether the name alone stands for this version. */
  readonly promoted: boolean;
  /** Of all versions of the model. */
  readonly precision: Precision;
  /** How this version is computed in eight bits, as JSON; '' if that was not measured yet. */
  readonly quantizationJson: string;
  /** Elo, relative to the model's first version; absent if not rated. */
  readonly rating?: number;
}

/** What is known of a model file before it is stored. */
export type NewModel = Pick<ModelRow, 'name' | 'size' | 'parameterCount' | 'architectureJson' | 'step'>;

/** Model files and what is known of them. A `ref` is a name, name@version, or '' for the default model. */
export interface ModelStore {
  /**
   * Stores a file under its content's name. The first version of a model is promoted at once, and the first model of all
   * is the default one. Storing the same bytes again changes nothing.
   */
  put(model: NewModel, bytes: Uint8Array): Promise<ModelRow>;
  get(ref: string): Promise<ModelRow | undefined>;
  /** The newest first. */
  list(name?: string): Promise<readonly ModelRow[]>;
  /** @throws AppError 'not-found' if there is no such version, 'internal' if its file is damaged */
  read(ref: string): Promise<Uint8Array>;
  /**
   * Makes a version the promoted one of its model; `asDefault` makes its model the default one.
   *
   * @throws AppError 'not-found' if there is no such version
   */
  promote(ref: string, options?: { readonly asDefault?: boolean }): Promise<ModelRow>;
  /**
   * Chooses how all versions of a model are served.
   *
   * @throws AppError 'not-found' if there is no such model
   */
  setPrecision(name: string, precision: Precision): Promise<ModelRow>;
  /** Keeps how a version is computed in eight bits; an unknown version is passed over. */
  setQuantization(ref: string, json: string): Promise<void>;
  /** Records ratings; unknown versions are passed over. */
  rate(ratings: readonly { readonly ref: string; readonly rating: number }[]): Promise<void>;
}

/** A finished game. */
export interface NewGame {
  /** Unique over all games. */
  readonly gameId: string;
  readonly jobId: string;
  /** name@version; for a match, 'black|white'. */
  readonly modelVersion: string;
  readonly kind: 'self-play' | 'match';
  /** The game tree that it belongs to; a single game is a tree of its own, under its own id. */
  readonly treeId: string;
  /** Its place in the tree: 0 for the first game, then counting up; no place is taken twice. */
  readonly variation: number;
  /** Whether the tree ends with it. */
  readonly isLast: boolean;
  readonly size: number;
  /** Training positions in it; in a variation those after its branch. */
  readonly positionCount: number;
  /** All moves from the start. */
  readonly moveCount: number;
  /** Black's final score, komi subtracted. */
  readonly score: number;
  /** The game as a GameRecord message. */
  readonly bytes: Uint8Array;
}

/** A stored game. */
export interface GameRow extends NewGame {
  /** Grows with every game stored. */
  readonly sequence: number;
  readonly createdAtMs: number;
}

/** Where a game went. */
export interface StoredGameRow {
  readonly sequence: number;
  /** False if the game was there already; what is kept is then the first one. */
  readonly isNew: boolean;
}

/** Sums over the games of a job. */
export interface GameCounts {
  readonly games: number;
  readonly matches: number;
  readonly positions: number;
  readonly moves: number;
}

/** A tree in short; fields without a word on them are those of its first game. */
export interface TreeRow extends Pick<GameRow, 'treeId' | 'jobId' | 'kind' | 'size' | 'modelVersion' | 'createdAtMs'> {
  /** Of its first game; orders the trees. */
  readonly sequence: number;
  /** Games stored so far. */
  readonly games: number;
  /** Training positions of all its games; shared ones count once. */
  readonly positions: number;
  /** Whether its last game is stored. */
  readonly isComplete: boolean;
}

/** Finished games. */
export interface GameStore {
  /** Stores a game and, if its tree ends with it, ends the lease on the tree, in one step. */
  put(game: NewGame): Promise<StoredGameRow>;
  has(gameId: string): Promise<boolean>;
  /** Games of a job with `sequence` > `after`, in ascending order, at most `limit`. */
  after(jobId: string, after: number, limit: number): Promise<readonly GameRow[]>;
  /** The games of a tree in order; none if there is no such tree. */
  tree(treeId: string): Promise<readonly GameRow[]>;
  /** Trees of a job, single games among them, the newest first, at most `limit`; with `sequence` < `before` if given. */
  trees(jobId: string, limit: number, before?: number): Promise<readonly TreeRow[]>;
  counts(jobId: string): Promise<GameCounts>;
}

export const jobStates = ['running', 'done', 'cancelled', 'failed'] as const;
/** Where a job stands. */
export type JobState = (typeof jobStates)[number];

/** A job as it is asked for. */
export interface NewJob {
  readonly kind: string;
  /** Name of the model that it trains. */
  readonly model: string;
  /** All settings in force, as a JSON object. */
  readonly configJson: string;
  /** The name of the token of level train that asks for it; '' (the default) for an admin. */
  readonly createdBy?: string;
}

/** A training job. */
export interface JobRow extends NewJob {
  readonly jobId: string;
  readonly createdBy: string;
  readonly state: JobState;
  /** Why it failed; '' otherwise. */
  readonly error: string;
  readonly createdAtMs: number;
  /** The newest value of every metric. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Training jobs. */
export interface JobStore {
  /**
   * Creates a job in the state 'running' and names it.
   *
   * @throws AppError 'failed-precondition' if another job runs on its model
   */
  create(job: NewJob): Promise<JobRow>;
  /** Makes a job 'running' again. @throws AppError as `create`, and if it is done */
  resume(job: Pick<JobRow, 'jobId' | 'model'>): Promise<void>;
  /**
   * At the start of a server: counts a start of every running job, and fails those that were running at three starts in a
   * row that did not end properly, and those that are not the first on their model. Returns the failed ones.
   */
  takeUp(): Promise<readonly { readonly jobId: string; readonly error: string }[]>;
  /** Forgets the starts of a job that works; a checkpoint of a later step does so too. */
  prove(jobId: string): Promise<void>;
  /** At the proper end of a server: forgets the starts of all running jobs. */
  rest(): Promise<void>;
  get(jobId: string): Promise<JobRow | undefined>;
  /** The newest first. */
  list(): Promise<readonly JobRow[]>;
  setState(jobId: string, state: JobState, error?: string): Promise<void>;
}

/** One point of progress of a job. */
export interface ProgressRow {
  readonly jobId: string;
  /** Counts up by one within the job. */
  readonly sequence: number;
  readonly timeMs: number;
  readonly event: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly message: string;
  /** Of a job on a grid of ranks: where the time of this step went. */
  readonly times?: readonly MicroStepTime[];
}

/** What a rank did in one micro-step, in milliseconds. */
export interface MicroStepTime {
  /** Counted over the whole grid. */
  readonly rank: number;
  readonly microStep: number;
  /** Work on its own tokens while others' were on their way. */
  readonly localMs: number;
  /** Waiting for other ranks. */
  readonly waitingMs: number;
  /** Attention of its share of sharded sequences. */
  readonly distributedMs: number;
  /** On this rank. */
  readonly tokens: number;
}

/** Progress of jobs; the newest 20,000 points of each are kept. */
export interface ProgressStore {
  /** Keeps a point, and its metrics as the job's newest. */
  append(point: ProgressRow): Promise<void>;
  /** Points with `sequence` > `after`, in ascending order, at most `limit`. */
  after(jobId: string, after: number, limit: number): Promise<readonly ProgressRow[]>;
  /** The newest sequence number of a job; 0 if it has no progress. */
  last(jobId: string): Promise<number>;
}

/** A game or tree that is to be played: leased to a worker, or free (`leaseId` is ''). */
export interface LeaseRow {
  /** The game; for a tree its id. */
  readonly gameId: string;
  readonly jobId: string;
  readonly leaseId: string;
  readonly worker: string;
  /** Milliseconds since 1970 UTC. */
  readonly expiresAtMs: number;
  /** What is to be played, as JSON; the owner of the leases knows the form. */
  readonly workJson: string;
}

/** Games and trees handed out and not yet back; at most one row each. */
export interface LeaseStore {
  all(): Promise<readonly LeaseRow[]>;
  /** Writes rows over those of the same games; rows of games or trees that are stored to the end are passed over. */
  put(rows: readonly LeaseRow[]): Promise<void>;
  remove(gameIds: readonly string[]): Promise<void>;
}

/** The newest checkpoint of each job. */
export interface CheckpointStore {
  load(jobId: string): Promise<Uint8Array | undefined>;
  save(jobId: string, step: number, bytes: Uint8Array): Promise<void>;
}

/** What is known of a file of samples before it is stored. */
export interface NewDataset {
  readonly name: string;
  /** Lines that are samples. */
  readonly samples: number;
  /** Lines that are not, blank ones apart. */
  readonly malformed: number;
}

/** One version of a data set. */
export interface DatasetRow extends NewDataset {
  /** First 12 hexadecimal digits of `sha256`. */
  readonly version: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly createdAtMs: number;
}

/** Files of samples. A `ref` is name@version, or a name, which stands for its newest version. */
export interface DatasetStore {
  /** Stores a file under its content's name; the same bytes again become the newest version and change nothing else. */
  put(dataset: NewDataset, bytes: Uint8Array): Promise<DatasetRow>;
  get(ref: string): Promise<DatasetRow | undefined>;
  /** The newest first. */
  list(): Promise<readonly DatasetRow[]>;
  /** @throws AppError 'not-found' if there is no such version, 'internal' if its file is damaged */
  read(ref: string): Promise<Uint8Array>;
}

export const nameKinds = ['model', 'dataset'] as const;
export type NameKind = (typeof nameKinds)[number];

/** Who may write under a name, beside the admins. */
export interface NameRow {
  readonly kind: NameKind;
  readonly name: string;
  /** The name of the token that was the first to write under it; '' for the admins. */
  readonly owner: string;
  /** Names of other tokens, in alphabetical order. */
  readonly granted: readonly string[];
}

/** Owners of the names of models and data sets. A name with something stored under it and no owner is the admins'. */
export interface NameStore {
  /** Whose a name is; undefined while it is nobody's. */
  get(kind: NameKind, name: string): Promise<NameRow | undefined>;
  /**
   * Makes `caller` ('' for the admins) the owner of a name that is nobody's and says whose it is. The admins also become the
   * owners of a name that is somebody's as long as nothing is stored under it and no job runs on it.
   */
  claim(kind: NameKind, name: string, caller: string): Promise<NameRow>;
  /** Lets `caller` write under a name; one that is nobody's becomes the admins'. */
  grant(kind: NameKind, name: string, caller: string): Promise<NameRow>;
  /** Takes a grant back; the owner keeps the name. @throws AppError 'not-found' if there is no such grant */
  revoke(kind: NameKind, name: string, caller: string): Promise<NameRow>;
}

/** Everything kept, in one data folder or database. */
export interface Store {
  readonly models: ModelStore;
  readonly games: GameStore;
  readonly jobs: JobStore;
  readonly progress: ProgressStore;
  readonly leases: LeaseStore;
  readonly checkpoints: CheckpointStore;
  readonly datasets: DatasetStore;
  readonly names: NameStore;
  /** Finishes what was asked for before, then lets go of the data folder. */
  close(): Promise<void>;
}
