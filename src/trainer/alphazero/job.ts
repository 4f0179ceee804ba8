/**
 * The `alphazero` job: hands out self-play and rating games, trains on the games that come back, makes and rates new
 * versions. The interfaces it needs are in ports.ts. Use:
 *
 *   const job = new AlphaZeroJob(readAlphaZeroConfig(json), dependencies, threadTraining(engine));
 *   await job.start();                   // loads the checkpoint and refills the window, or stores the first version
 *   job.nextWork()                       // Work, or undefined: idle until dependencies.workChanged()
 *   job.gameStored({sequence, record})   // after the game is durable
 *   job.cancel(); await job.finished     // JobOutcome; rejects with an AppError if the job failed
 *
 * Every game has a number, which makes its id and its seed. Numbers are promised in blocks, and a block is saved before
 * the first of its numbers is used, so no id is ever given to two games, whenever the process dies.
 */

import { AppError, assert } from '../../core/errors.js';
import { Rng } from '../../core/rng.js';
import { resultForBlack } from '../../go/game-record.js';
import { decodeModel } from '../../nn/model-file.js';
import { boardsOf } from '../../nn/networks/go-network.js';
import { makeOpeningBook } from '../../go/opening-book.js';
import { formatRatingTable } from '../rating-table.js';
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from './checkpoint.js';
import { playSettings, rulesOf, type AlphaZeroConfig } from './config.js';
import { League, type LeagueState } from './league.js';
import { Meter } from './meter.js';
import type {
  AlphaZeroDependencies,
  JobOutcome,
  PlaySettings,
  ProgressPoint,
  RatingRow,
  StoredGame,
  Work,
} from './ports.js';
import { architectureOf, type TrainerSnapshot, type TrainerStart } from './trainer.js';
import type { TrainingFactory, TrainingHandle } from './training.js';

/** How often limits are looked at when nothing else happens. */
const TICK_MS = 250;
/** Game numbers promised with one save. */
const NUMBER_BLOCK = 1_000_000;
/** Snapshots held in memory while versions are stored; a step-wise candidate beyond this is skipped. */
const MOST_VERSIONS_IN_MAKING = 4;
/** Rating games between two `rating` points of progress. */
const GAMES_PER_RATING_POINT = 8;
/** Rating games that may be owed when none were wanted for a while. */
const MOST_RATING_CREDIT = 8;

/** One run of a job, from `start` to `finished`. */
export class AlphaZeroJob {
  /** Settles when the job has ended and everything is saved. */
  readonly finished: Promise<JobOutcome>;
  readonly #config: AlphaZeroConfig;
  readonly #with: AlphaZeroDependencies;
  readonly #startThread: TrainingFactory;
  readonly #openings: number[][];
  readonly #selfPlay: PlaySettings;
  /** Self-play before branching begins. */
  readonly #single: PlaySettings;
  readonly #match: PlaySettings;
  readonly #meter: Meter;
  #league: League;
  #training: TrainingHandle | undefined;
  #phase: 'starting' | 'playing' | 'rating' | 'ended' = 'starting';
  #early: StoredGame[] = [];
  #nextGame = 0;
  #promisedEnd = 0;
  #ratingCredit = 0;
  /** Rating games since the last `rating` point of progress. */
  #unreported = 0;
  #lastCandidate = { step: 0, atMs: 0 };
  #ratingEndsAtMs = Infinity;
  /** Versions being made, one after the other; and how many. */
  #making: Promise<void> = Promise.resolve();
  #makingCount = 0;
  /** Ratings and promotions on their way to the store. */
  #chores: Promise<void> = Promise.resolve();
  #wasIdle = false;
  #timer: NodeJS.Timeout | undefined;
  #resolve: (outcome: JobOutcome) => void = () => undefined;
  #refuse: (error: AppError) => void = () => undefined;
  readonly #onAbort = (): void => {
    this.cancel();
  };

  /** @param training where training happens */
  constructor(config: AlphaZeroConfig, dependencies: AlphaZeroDependencies, training: TrainingFactory) {
    this.#config = config;
    this.#startThread = training;
    this.#with = dependencies;
    const { size, openingPlies: plies, openings: count } = config;
    this.#openings = makeOpeningBook({ size, rules: rulesOf(config), plies, count }, new Rng(config.seed).fork(2));
    this.#selfPlay = playSettings(config, 'self-play');
    this.#single = playSettings({ ...config, variations: 1 }, 'self-play');
    this.#match = playSettings(config, 'match');
    this.#meter = new Meter(config, dependencies.now);
    this.#league = this.#makeLeague();
    this.finished = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#refuse = reject;
    });
    // A failure is reported through `finished`; whoever does not wait for it must not bring the process down.
    this.finished.catch(() => undefined);
  }

  /**
   * Brings the job to life. Until this resolves `nextWork` has nothing.
   *
   * @throws AppError what `finished` rejects with, if the start fails
   */
  async start(): Promise<void> {
    assert(this.#phase === 'starting' && this.#training === undefined, 'a job was started twice');
    this.#with.signal?.addEventListener('abort', this.#onAbort, { once: true });
    try {
      const saved = await this.#with.checkpoints.load();
      const checkpoint = saved && decodeCheckpoint(saved);
      await this.#startTraining(checkpoint);
      if (checkpoint) await this.#refill(checkpoint);
      const snapshot = await this.#handle().snapshot('now');
      if (!checkpoint) await this.#addVersion(snapshot);
      await this.#save(snapshot);
    } catch (error) {
      this.#fail(error);
      throw AppError.from(error);
    }
    if (this.#isEnded()) return;
    this.#phase = 'playing';
    this.#lastCandidate = { step: this.#league.newest?.step ?? 0, atMs: this.#with.now() };
    for (const game of this.#early.splice(0)) this.gameStored(game);
    this.#timer = setInterval(() => {
      this.#tick();
    }, TICK_MS);
    if (this.#with.signal?.aborted) {
      this.cancel();
      return;
    }
    this.#report('state', 'Self-play begins');
    this.#with.workChanged();
  }

  /** The version, name@version, that self-play uses now. @throws AppError 'internal' before `start` has resolved */
  get currentVersion(): string {
    const version = this.#config.promotion === 'latest' ? this.#league.latest : this.#league.promoted;
    assert(version !== undefined, 'the job has no version yet');
    return version.ref;
  }

  /** The next game to hand out, or undefined: nothing until `workChanged` is called. */
  nextWork(): Work | undefined {
    if (this.#phase !== 'playing' && this.#phase !== 'rating') return undefined;
    if (this.#nextGame >= this.#promisedEnd) return undefined;
    const rating = this.#nextRatingGame();
    if (rating) return rating;
    if (this.#phase === 'rating' || this.#meter.backlog >= this.#config.maxBacklogGames) {
      this.#wasIdle = true;
      return undefined;
    }
    const settings = this.#meter.positions < this.#config.branchAfter ? this.#single : this.#selfPlay;
    return { ...this.#numbered(), settings, modelVersion: this.currentVersion };
  }

  /** Whether training takes no further self-play games, since the last version is being rated. */
  get hasAllSelfPlay(): boolean {
    return this.#phase === 'rating';
  }

  /** Takes a game that has become durable; games of one job are expected in about the order of their sequence. */
  gameStored(game: StoredGame): void {
    if (this.#phase === 'starting') this.#early.push(game);
    else if (this.#phase !== 'ended') {
      this.#take(game);
      this.#tick();
    }
  }

  /** All versions and their ratings, the oldest first. */
  ratings(): readonly RatingRow[] {
    return this.#league.ratings();
  }

  /** The newest figures, by the names that progress uses. */
  metrics(): Readonly<Record<string, number>> {
    const newest = this.#league.newestRating();
    return {
      ...this.#meter.metrics(),
      versions: this.#league.versionCount,
      ...(newest && { rating: newest.rating, ratingInterval: newest.interval }),
    };
  }

  /** Stops the job after the step under way; `finished` resolves once the checkpoint is saved. */
  cancel(): void {
    if (this.#phase === 'ended') return;
    const training = this.#training;
    const wasStarted = this.#phase !== 'starting';
    this.#enterEnd();
    const end = async (): Promise<void> => {
      if (training && wasStarted) {
        const snapshot = await training.snapshot('now');
        // Refuses snapshots that wait for the queue; versions already taken are stored before the newest checkpoint.
        await training.stop();
        await Promise.allSettled([this.#making, this.#chores]);
        await this.#save(snapshot);
      }
      await this.#close('cancelled');
    };
    end().catch((error: unknown) => {
      this.#reject(error);
    });
  }

  async #startTraining(checkpoint: Checkpoint | undefined): Promise<void> {
    const { size } = this.#config;
    const { jobId, model } = this.#with;
    let start: TrainerStart = { architecture: architectureOf(this.#config) };
    if (checkpoint) {
      const { architecture, trainer: state, tensors, job } = checkpoint;
      start = { architecture, checkpoint: { state, tensors } };
      this.#league = this.#makeLeague(job.league);
      this.#nextGame = job.nextGame;
      this.#meter.resume(job.elapsedMs, state);
    } else if (this.#with.initialModel) {
      const { architecture, weights, metadata } = decodeModel(this.#with.initialModel);
      const { grownFrom } = metadata;
      start = { architecture, weights, ...(grownFrom !== undefined && { grownFrom }) };
    }
    const { architecture } = start;
    const [smallest, largest] = boardsOf(architecture);
    if (size < smallest || size > largest || architecture.features !== architectureOf(this.#config).features) {
      throw new AppError(
        'failed-precondition',
        `The model to train is for size ${largest} and features '${architecture.features}'; ` +
          `the job wants size ${size} and features '${architectureOf(this.#config).features}'`,
      );
    }
    const training = await this.#startThread(
      { config: this.#config, start: { ...start, names: { jobId, model } } },
      {
        trained: (report) => {
          this.#meter.trained(report);
          if (this.#wasIdle && this.#meter.backlog < this.#config.maxBacklogGames) this.#announceWork();
        },
        candidate: (snapshot) => {
          this.#makeVersion(() => Promise.resolve(snapshot));
        },
        growth: (outcome) => {
          const { message, figures } = outcome ?? { message: 'The network begins to grow', figures: {} };
          this.#report('growth', message, figures);
        },
        failed: (error) => {
          this.#fail(error);
        },
      },
    );
    this.#training = training;
    if (this.#isEnded()) await training.stop();
  }

  /** Gives training the stored games it needs: those in its window, then those it had not seen. */
  async #refill({ trainer, job }: Checkpoint): Promise<void> {
    const signal = this.#with.signal;
    const first = trainer.firstTree ?? trainer.oldest.sequence;
    const after = Math.min(first - 1, trainer.sequence, job.league.sequence || trainer.sequence);
    let last = after;
    for await (const game of this.#with.games.games(after, { ...(signal && { signal }) })) {
      if (this.#isEnded()) return;
      last = game.sequence;
      if (game.record.match) this.#countRatingGame(game);
      else if (game.sequence >= first || game.sequence > trainer.sequence) {
        await this.#meter.waitForBacklog(2 * this.#config.maxBacklogGames);
        this.#meter.queued(game.sequence > trainer.sequence ? game.record : undefined);
        this.#handle().add(game, this.#meter.progress());
      }
    }
    this.#early = this.#early.filter(({ sequence }) => sequence > last);
  }

  #take(game: StoredGame): void {
    if (game.record.match) {
      if (this.#countRatingGame(game)) this.#afterRatingGame();
    } else if (this.#phase === 'playing') {
      this.#meter.queued(game.record);
      this.#handle().add(game, this.#meter.progress());
    }
  }

  #countRatingGame({ sequence, record }: StoredGame): boolean {
    const { gameId, match } = record;
    if (!match) return false;
    const { blackModel: blackRef, whiteModel: whiteRef } = match;
    return this.#league.record({ gameId, sequence, blackRef, whiteRef, result: resultForBlack(record) });
  }

  #afterRatingGame(): void {
    const promoted = this.#league.settle();
    this.#unreported++;
    if (!promoted && this.#league.unfinished > 0 && this.#unreported < GAMES_PER_RATING_POINT) return;
    this.#unreported = 0;
    const newest = this.#league.newestRating();
    const text = newest ? `${newest.ref} has ${newest.rating.toFixed(0)} ± ${newest.interval.toFixed(0)} Elo` : '';
    this.#report('rating', text);
    this.#chores = this.#chores.then(async () => {
      await this.#with.models.rate(this.#league.openRatings());
      if (promoted) await this.#promote(promoted.ref);
    });
    this.#background(this.#chores);
  }

  async #promote(ref: string): Promise<void> {
    await this.#with.models.promote(ref);
    this.#report('promotion', `${ref} is promoted`);
    this.#with.workChanged();
  }

  #nextRatingGame(): Work | undefined {
    if (this.#phase === 'playing') {
      this.#ratingCredit = Math.min(MOST_RATING_CREDIT, this.#ratingCredit + this.#config.ratingShare);
      if (this.#ratingCredit < 1) return undefined;
    }
    if (this.#league.waiting === 0) return undefined;
    const numbered = this.#numbered();
    const pairing = this.#league.issue(numbered.gameId);
    if (!pairing) return undefined;
    this.#ratingCredit -= 1;
    const { blackRef: blackModel, whiteRef: whiteModel } = pairing;
    const opening = this.#openings[pairing.opening % this.#openings.length] ?? [];
    return { ...numbered, settings: this.#match, match: { blackModel, whiteModel, opening } };
  }

  #numbered(): { gameId: string; seed: number } {
    const number = this.#nextGame++;
    return { gameId: `${this.#with.jobId}-${number}`, seed: new Rng(this.#config.seed).fork(3 + number).uint32() };
  }

  #tick(): void {
    const now = this.#with.now();
    const { candidateSeconds } = this.#config;
    if (this.#phase === 'playing') {
      if (this.#meter.progress() >= 1) this.#endSelfPlay();
      else if (
        candidateSeconds > 0 &&
        this.#makingCount === 0 &&
        now - this.#lastCandidate.atMs >= candidateSeconds * 1000 &&
        this.#meter.step > this.#lastCandidate.step
      ) {
        this.#makeVersion(() => this.#handle().snapshot('now'));
      }
      if (this.#meter.isReportDue()) this.#report('train', '');
    } else if (this.#phase === 'rating' && this.#makingCount === 0) {
      if (this.#league.unfinished === 0 || now >= this.#ratingEndsAtMs) this.#finish();
    }
  }

  /** The last version is made from everything that was played, and rated; then the job is done. */
  #endSelfPlay(): void {
    this.#phase = 'rating';
    this.#ratingEndsAtMs = this.#with.now() + this.#config.ratingSeconds * 1000;
    this.#report('state', 'Self-play ends; the last version is rated');
    this.#makeVersion(() => this.#handle().snapshot('drained'));
  }

  #makeVersion(take: () => Promise<TrainerSnapshot>): void {
    const isLast = this.#phase === 'rating';
    if (this.#makingCount >= MOST_VERSIONS_IN_MAKING && !isLast) return;
    this.#makingCount++;
    this.#lastCandidate = { step: this.#meter.step, atMs: this.#with.now() };
    const taken = take();
    this.#making = Promise.all([taken, this.#making]).then(async ([snapshot]) => {
      await this.#addVersion(snapshot, isLast);
      await this.#save(snapshot);
      this.#makingCount--;
      if (isLast) this.#ratingEndsAtMs = this.#with.now() + this.#config.ratingSeconds * 1000;
      this.#announceWork();
    });
    this.#background(this.#making);
  }

  async #addVersion({ modelFile, state }: TrainerSnapshot, isLast = false): Promise<void> {
    const ref = await this.#with.models.put(modelFile, { step: state.step });
    this.#league.add(ref, state.step, { isLast, isGrown: state.growth?.isGrown ?? false });
    const isFirst = this.#league.versionCount === 1;
    const promoted = isFirst ? this.#league.promoted : this.#league.settle();
    if (promoted) await this.#promote(promoted.ref);
  }

  async #save({ architecture, state, tensors }: TrainerSnapshot): Promise<void> {
    const promisedEnd = this.#nextGame + NUMBER_BLOCK;
    const job = { nextGame: promisedEnd, elapsedMs: this.#meter.elapsedMs, league: this.#league.state() };
    const bytes = encodeCheckpoint({ architecture, trainer: state, job, config: this.#config, tensors });
    await this.#with.checkpoints.save(state.step, bytes);
    this.#promisedEnd = promisedEnd;
  }

  #finish(): void {
    this.#enterEnd();
    const end = async (): Promise<void> => {
      await this.#chores;
      const promoted = this.#league.settleAll(this.#config.promotion === 'latest');
      if (promoted) await this.#promote(promoted.ref);
      await this.#with.models.rate(this.#league.openRatings());
      await this.#save(await this.#handle().snapshot('now'));
      this.#report('state', `Done\n${formatRatingTable(this.#league.ratings())}`);
      await this.#close('done');
    };
    end().catch((error: unknown) => {
      this.#reject(error);
    });
  }

  async #close(state: JobOutcome['state']): Promise<void> {
    await this.#training?.stop();
    this.#resolve({ state, ratings: this.#league.ratings() });
  }

  #enterEnd(): void {
    this.#phase = 'ended';
    clearInterval(this.#timer);
    this.#with.signal?.removeEventListener('abort', this.#onAbort);
    this.#meter.stop();
  }

  #fail(error: unknown): void {
    if (this.#isEnded()) return;
    this.#enterEnd();
    this.#reject(error);
  }

  #reject(error: unknown): void {
    this.#refuse(AppError.from(error));
    this.#training?.stop().catch(() => undefined);
  }

  /** An error in what nobody waits for fails the job, unless it has ended meanwhile. */
  #background(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#fail(error);
    });
  }

  #announceWork(): void {
    this.#wasIdle = false;
    this.#with.workChanged();
  }

  #report(event: ProgressPoint['event'], message: string, figures: ProgressPoint['metrics'] = {}): void {
    this.#with.progress({ event, metrics: { ...this.metrics(), ...figures }, message });
  }

  #isEnded(): boolean {
    return this.#phase === 'ended';
  }

  #handle(): TrainingHandle {
    assert(this.#training !== undefined, 'training has not been started');
    return this.#training;
  }

  #makeLeague(state?: LeagueState): League {
    const { ratingGames: gamesPerVersion, promotionElo } = this.#config;
    return new League({ gamesPerVersion, openings: this.#openings.length, promotionElo }, state);
  }
}
