/**
 * The `alphazero` job: hands out self-play and rating games, trains on the games that come back, makes and rates new
 * versions. Use:
 *
 *   const job = new AlphaZeroJob(readAlphaZeroConfig(json), ports, threadTraining(engine));
 *   await job.start();                   // loads the checkpoint and refills the window, or stores the first version
 *   job.nextWork()                       // Work, or undefined: idle until ports.workChanged()
 *   job.gameStored({sequence, record})   // after the game is durable
 *   job.cancel(); await job.finished     // AlphaZeroOutcome; rejects with an AppError if the job failed
 */

import { AppError, assert } from '../../core/errors.js';
import type { StoredGame } from '../go-data/stored-game.js';
import type { Work } from '../go-data/work.js';
import type { ProgressPoint, RatingRow } from '../harness/ports.js';
import { alphaZeroCheckpoints, type Checkpoint } from './checkpoint.js';
import type { AlphaZeroConfig } from './config.js';
import { GameNumbers } from './game-numbers.js';
import { HandOut } from './hand-out.js';
import type { League } from './league.js';
import { Meter } from './meter.js';
import type { AlphaZeroOutcome, AlphaZeroPorts } from './ports.js';
import { Promotions } from './promotions.js';
import { RatingGames } from './rating-games.js';
import { formatRatingTable } from './rating-table.js';
import { refill } from './refill.js';
import type { TrainerCopy } from './trainer.js';
import type { TrainingFactory, TrainingHandle } from './training.js';
import { trainerStart } from './training-start.js';
import { VersionMaker } from './version-maker.js';

/** How often limits are looked at when nothing else happens. */
const TICK_MS = 250;

/** One run of a job, from `start` to `finished`. */
export class AlphaZeroJob {
  /** Settles when the job has ended and everything is saved. */
  readonly finished: Promise<AlphaZeroOutcome>;
  readonly #config: AlphaZeroConfig;
  readonly #with: AlphaZeroPorts;
  readonly #startThread: TrainingFactory;
  readonly #meter: Meter;
  readonly #numbers: GameNumbers;
  readonly #rating: RatingGames;
  readonly #handOut: HandOut;
  readonly #versions: VersionMaker;
  readonly #promotions: Promotions;
  #training: TrainingHandle | undefined;
  #phase: 'starting' | 'playing' | 'rating' | 'ended' = 'starting';
  #early: StoredGame[] = [];
  #ratingEndsAtMs = Infinity;
  #timer: NodeJS.Timeout | undefined;
  #resolve: (outcome: AlphaZeroOutcome) => void = () => undefined;
  #refuse: (error: AppError) => void = () => undefined;
  readonly #onAbort = (): void => {
    this.cancel();
  };

  /** @param training where training happens */
  constructor(config: AlphaZeroConfig, ports: AlphaZeroPorts, training: TrainingFactory) {
    this.#config = config;
    this.#startThread = training;
    this.#with = ports;
    this.#meter = new Meter(config, ports.now);
    this.#numbers = new GameNumbers(ports.jobId, config.seed);
    this.#rating = new RatingGames(config);
    this.#handOut = new HandOut({ config, numbers: this.#numbers, rating: this.#rating, meter: this.#meter });
    this.#versions = new VersionMaker({
      now: () => ports.now(),
      store: async (copy, isLast) => {
        await this.#addVersion(copy, isLast);
        await this.#save(copy);
      },
    });
    this.#promotions = new Promotions(
      () => this.#league,
      ports.models,
      (ref) => {
        this.#report('promotion', `${ref} is promoted`);
        ports.workChanged();
      },
    );
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
      const checkpoint = saved && alphaZeroCheckpoints.decode(saved);
      await this.#startTraining(checkpoint);
      if (checkpoint) await this.#refill(checkpoint);
      const copy = await this.#handle().copy('now');
      if (!checkpoint) await this.#addVersion(copy);
      await this.#save(copy);
    } catch (error) {
      this.#fail(error);
      throw AppError.from(error);
    }
    if (this.#isEnded()) return;
    this.#phase = 'playing';
    this.#versions.begin(this.#league.newest?.step ?? 0);
    for (const game of this.#early.splice(0)) this.gameStored(game);
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
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
    return this.#handOut.next(this.currentVersion, this.#phase === 'rating');
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
        const copy = await training.copy('now');
        // Refuses copies that wait for the queue; versions already taken are stored before the newest checkpoint.
        await training.stop();
        await Promise.allSettled([this.#versions.settled(), this.#promotions.settled]);
        await this.#save(copy);
      }
      await this.#close('cancelled');
    };
    end().catch((error: unknown) => this.#reject(error));
  }

  async #startTraining(checkpoint: Checkpoint | undefined): Promise<void> {
    const { jobId, model, models } = this.#with;
    // Where there is a checkpoint, the model is one of the job's own versions.
    const initial = checkpoint ? undefined : await models.read(model);
    const start = trainerStart(this.#config, checkpoint, initial?.bytes);
    if (checkpoint) {
      const { trainer, job } = checkpoint;
      this.#rating.resume(job.league);
      this.#numbers.resume(job.nextGame);
      this.#meter.resume(job.elapsedMs, trainer);
    }
    const training = await this.#startThread(
      { config: this.#config, start: { ...start, names: { jobId, model } } },
      {
        trained: (report) => {
          this.#meter.trained(report);
          if (this.#handOut.hasWorkAgain) this.#announceWork();
        },
        candidate: (copy) => this.#makeVersion(() => Promise.resolve(copy)),
        growth: (outcome) => {
          const { message, figures } = outcome ?? { message: 'The network begins to grow', figures: {} };
          this.#report('growth', message, figures);
        },
        failed: (error) => this.#fail(error),
      },
    );
    this.#training = training;
    if (this.#isEnded()) await training.stop();
  }

  async #refill(checkpoint: Checkpoint): Promise<void> {
    const { jobId, games, signal } = this.#with;
    const [rating, meter, training] = [this.#rating, this.#meter, this.#handle()];
    const maxBacklog = 2 * this.#config.maxBacklogGames;
    const isEnded = (): boolean => this.#isEnded();
    const last = await refill(checkpoint, { jobId, games, signal, rating, meter, training, maxBacklog, isEnded });
    this.#early = this.#early.filter(({ sequence }) => sequence > last);
  }

  #take(game: StoredGame): void {
    if (game.record.match) {
      if (this.#rating.count(game)) this.#afterRatingGame();
    } else if (this.#phase === 'playing') {
      this.#meter.queued(game.record);
      this.#handle().add(game, this.#meter.progress());
    }
  }

  #afterRatingGame(): void {
    const promoted = this.#league.settle();
    if (!this.#rating.isNews(promoted !== undefined)) return;
    const newest = this.#league.newestRating();
    const text = newest ? `${newest.ref} has ${newest.rating.toFixed(0)} ± ${newest.interval.toFixed(0)} Elo` : '';
    this.#report('rating', text);
    this.#background(this.#promotions.keep(promoted?.ref));
  }

  #tick(): void {
    if (this.#phase === 'playing') {
      if (this.#meter.progress() >= 1) this.#endSelfPlay();
      else if (this.#versions.isDue(this.#config.candidateSeconds, this.#meter.step)) {
        this.#makeVersion(() => this.#handle().copy('now'));
      }
      if (this.#meter.isReportDue()) this.#report('train', '');
    } else if (this.#phase === 'rating' && this.#versions.isIdle) {
      if (this.#league.unfinished === 0 || this.#with.now() >= this.#ratingEndsAtMs) this.#finish();
    }
  }

  /** The last version is made from everything that was played, and rated; then the job is done. */
  #endSelfPlay(): void {
    this.#phase = 'rating';
    this.#ratingEndsAtMs = this.#with.now() + this.#config.ratingSeconds * 1000;
    this.#report('state', 'Self-play ends; the last version is rated');
    this.#makeVersion(() => this.#handle().copy('drained'));
  }

  #makeVersion(take: () => Promise<TrainerCopy>): void {
    const isLast = this.#phase === 'rating';
    const made = this.#versions.make(take, this.#meter.step, isLast, () => {
      if (isLast) this.#ratingEndsAtMs = this.#with.now() + this.#config.ratingSeconds * 1000;
      this.#announceWork();
    });
    this.#background(made);
  }

  async #addVersion({ modelFile, state }: TrainerCopy, isLast = false): Promise<void> {
    const ref = await this.#with.models.put(modelFile, { step: state.step });
    this.#league.add(ref, state.step, { isLast, isGrown: state.growth?.isGrown ?? false });
    const isFirst = this.#league.versionCount === 1;
    const promoted = isFirst ? this.#league.promoted : this.#league.settle();
    if (promoted) await this.#promotions.promote(promoted.ref);
  }

  async #save({ architecture, state, tensors }: TrainerCopy): Promise<void> {
    await this.#numbers.promise(async (nextGame) => {
      const job = { nextGame, elapsedMs: this.#meter.elapsedMs, league: this.#league.state() };
      const bytes = alphaZeroCheckpoints.encode({ architecture, trainer: state, job, config: this.#config, tensors });
      await this.#with.checkpoints.save(state.step, bytes);
    });
  }

  #finish(): void {
    this.#enterEnd();
    const end = async (): Promise<void> => {
      await this.#promotions.finish(this.#config.promotion === 'latest');
      await this.#save(await this.#handle().copy('now'));
      this.#report('state', `Done\n${formatRatingTable(this.#league.ratings())}`);
      await this.#close('done');
    };
    end().catch((error: unknown) => this.#reject(error));
  }

  async #close(state: AlphaZeroOutcome['state']): Promise<void> {
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
    work.catch((error: unknown) => this.#fail(error));
  }

  #announceWork(): void {
    this.#handOut.announced();
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

  get #league(): League {
    return this.#rating.league;
  }
}
