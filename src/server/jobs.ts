/**
 * Runs the jobs: creates, resumes and stops them, gathers their work for the workers, and keeps their progress. A job
 * that was running when the server ended, however it ended, runs again when it starts.
 */

import type { Logger } from 'pino';
import { nearest } from '../core/config.js';
import { AppError, check } from '../core/errors.js';
import { quoted } from '../core/quoted.js';
import type { JobRow, JobState, ProgressRow, Store } from '../store/store.js';
import type { StoredGame } from '../trainer/go-data/stored-game.js';
import type { JobKind, RunningJob } from '../trainer/harness/job-kind.js';
import { checkModelName } from '../core/model-name.js';
import { PROOF_MS, proofOf, type Running } from './running.js';
import { OwnedNames } from './access/names.js';
import { ProgressLog } from './progress-log.js';
import type { JobWork, WorkSource } from './self-play/work-source.js';

export interface JobRunnerOptions {
  readonly store: Pick<Store, 'jobs' | 'progress' | 'names'>;
  readonly kinds: readonly JobKind[];
  readonly logger: Logger;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
}

export class JobRunner implements WorkSource {
  readonly #store: JobRunnerOptions['store'];
  readonly #names: OwnedNames;
  readonly #kinds: ReadonlyMap<string, JobKind>;
  readonly #logger: Logger;
  readonly #progress: ProgressLog;
  readonly #running = new Map<string, Running>();
  /** Jobs that are to run and do not exist yet; undefined if they come to nothing. Never rejects. */
  readonly #starting = new Map<string, Promise<Running | undefined>>();
  /** Jobs that this runner has started at least once: they start again only if somebody resumes them. */
  readonly #known = new Set<string>();
  readonly #listeners = new Set<() => void>();
  readonly #doneListeners = new Set<(jobId: string) => void>();
  /** Whose turn it is to hand out work. */
  #turn = 0;
  #closing = false;

  constructor({ store, kinds, logger, now }: JobRunnerOptions) {
    this.#store = store;
    this.#names = new OwnedNames(store.names);
    this.#kinds = new Map(kinds.map((kind) => [kind.kind, kind]));
    this.#logger = logger;
    this.#progress = new ProgressLog(store.progress, logger, now);
  }

  /** Continues the jobs that ran when the server ended. */
  async resumeAll(): Promise<void> {
    for (const { jobId, error } of await this.#store.jobs.takeUp()) {
      this.#logger.error({ jobId, error }, 'job-not-continued');
      await this.#progress.open(jobId);
      await this.#progress.append(jobId, { event: 'state', metrics: {}, message: `The job is failed: ${error}` });
    }
    const jobs = await this.#store.jobs.list();
    const rows = jobs.filter(({ state }) => state === 'running').reverse();
    await Promise.all(rows.map((row) => this.#launch(row, 'continued')));
  }

  /**
   * Creates a job and starts it.
   *
   * @param settings what differs from the defaults
   * @param createdBy the token of level train that asks for it; '' for an admin
   * @throws AppError 'invalid-argument' for an unknown kind or setting; 'permission-denied' for a model of somebody else
   */
  async create(
    kind: string,
    model: string,
    settings: Readonly<Record<string, unknown>>,
    createdBy = '',
  ): Promise<JobRow> {
    this.#checkOpen();
    const config = this.#kind(kind).readConfig(settings);
    checkModelName(model);
    await this.#names.check('model', model, createdBy);
    const given = Object.fromEntries(Object.keys(settings).map((name) => [name, config[name]]));
    await this.#kind(kind).checkModel?.({ model, settings: given });
    await this.#names.claim('model', model, createdBy);
    const row = await this.#store.jobs.create({ kind, model, configJson: JSON.stringify(config), createdBy });
    await this.#launch(row, 'created');
    return this.get(row.jobId);
  }

  /** @throws AppError 'not-found' */
  async get(jobId: string): Promise<JobRow> {
    const row = await this.#store.jobs.get(jobId);
    if (!row) throw new AppError('not-found', `There is no job ${quoted(jobId)}`);
    return row;
  }

  /** All jobs, the newest first. */
  list(): Promise<readonly JobRow[]> {
    return this.#store.jobs.list();
  }

  /** Stops a job: after its current step, or before it if that may still take long. */
  async cancel(jobId: string): Promise<JobRow> {
    await this.get(jobId);
    const running = this.#running.get(jobId) ?? (await this.#starting.get(jobId));
    const row = await this.get(jobId);
    if (running) {
      running.job.cancel();
      await running.ended;
    } else if (row.state !== 'cancelled') {
      this.#checkOpen();
      if (row.state === 'running') throw new AppError('unavailable', `The job '${jobId}' is about to start; try again`);
      throw new AppError(
        'failed-precondition',
        `The job '${jobId}' is ${row.state}; only a running job can be cancelled`,
      );
    }
    return this.get(jobId);
  }

  /** Continues a cancelled or failed job from its last checkpoint. */
  async resume(jobId: string): Promise<JobRow> {
    this.#checkOpen();
    const row = await this.get(jobId);
    while (this.#change(jobId)) await this.#change(jobId);
    if (this.#running.has(jobId)) return this.get(jobId);
    const { kind, model } = row;
    const settings = JSON.parse(row.configJson) as Record<string, unknown>;
    await this.#kind(kind).checkModel?.({ model, settings, jobId });
    await this.#launch(row, 'resumed', () => this.#store.jobs.resume(row));
    return this.get(jobId);
  }

  /** Progress after `after`, kept and live, with the job's state; the last message of a job that has ended says so. */
  async *watch(
    jobId: string,
    after: number,
    signal: AbortSignal,
  ): AsyncGenerator<{ readonly progress?: ProgressRow; readonly state: JobState }> {
    await this.get(jobId);
    const isOver = (): boolean => this.#closing || !this.isActive(jobId);
    for await (const progress of this.#progress.watch(jobId, after, isOver, signal)) {
      yield { progress, state: this.isActive(jobId) ? 'running' : (await this.get(jobId)).state };
    }
    if (signal.aborted) return;
    if (this.#closing)
      throw new AppError('unavailable', 'The server is stopping; the job continues when it starts again');
    yield { state: (await this.get(jobId)).state };
  }

  /** Interrupts every job, to be continued at the next start; resolves when all have stopped. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const { job } of this.#running.values()) job.cancel();
    // None of those that are starting will run; whether they can is seen at the next start.
    await Promise.all(this.#starting.values());
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
    await this.#store.jobs.rest().catch((err: unknown) => this.#logger.warn({ err }, 'starts-not-forgotten'));
    this.#progress.wake();
  }

  nextWork(): JobWork | undefined {
    if (this.#closing) return undefined;
    const jobs = [...this.#running];
    for (let i = 0; i < jobs.length; i++) {
      const [jobId, { job, isStarted }] = jobs[this.#turn++ % jobs.length]!;
      const work = isStarted ? job.selfPlay?.nextWork() : undefined;
      if (work) return { jobId, work };
    }
    return undefined;
  }

  isRunning(jobId: string): boolean {
    return this.#running.get(jobId)?.isStarted === true && !this.#closing;
  }

  hasAllSelfPlay(jobId: string): boolean {
    return this.#running.get(jobId)?.job.selfPlay?.hasAllSelfPlay === true;
  }

  async isDone(jobId: string): Promise<boolean> {
    return (await this.#store.jobs.get(jobId))?.state === 'done';
  }

  async isStopped(jobId: string): Promise<boolean> {
    return (await this.#store.jobs.get(jobId))?.state !== 'running';
  }

  onDone(listener: (jobId: string) => void): () => void {
    this.#doneListeners.add(listener);
    return () => this.#doneListeners.delete(listener);
  }

  /** Whether a job runs or is about to. */
  isActive(jobId: string): boolean {
    return this.#running.has(jobId) || this.#starting.has(jobId);
  }

  currentVersions(): ReadonlyMap<string, string> {
    const versions = new Map<string, string>();
    for (const [jobId, { job, isStarted }] of this.#running) {
      if (isStarted && job.selfPlay) versions.set(jobId, job.selfPlay.currentVersion);
    }
    return versions;
  }

  gameStored(game: StoredGame): void {
    const running = this.#running.get(game.record.jobId);
    running?.job.selfPlay?.gameStored(game);
    if (running?.isStarted) running.prove();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Resolves once a job works or has failed: one that cannot start has failed, and says why.
   *
   * @param begin makes it 'running' in the store, if it is not; rejects if it may not run, and then so does this
   */
  async #launch(row: JobRow, how: string, begin?: () => Promise<void>): Promise<void> {
    const { jobId, kind, model } = row;
    // Were it begun before its last end is kept, the store would say that it does not run.
    while (this.#change(jobId)) await this.#change(jobId);
    // A created or continued job may have been found and resumed by somebody before, and may have ended since.
    if (this.#running.has(jobId) || (!begin && this.#known.has(jobId))) return;
    // One that is only to go on does so when the server starts again.
    if (begin) this.#checkOpen();
    else if (this.#closing) return;
    const creation = (begin?.() ?? Promise.resolve())
      .then(() => {
        this.#known.add(jobId);
        return this.#create(row);
      })
      .finally(() => this.#starting.delete(jobId));
    this.#starting.set(
      jobId,
      creation.catch(() => undefined),
    );
    const running = await creation;
    if (!running) return;
    try {
      await running.job.start();
    } catch {
      // `finished` says the same, or that the job was stopped.
      await running.ended;
      return;
    }
    if (this.#running.get(jobId) !== running) return;
    running.isStarted = true;
    this.#logger.info({ jobId, kind, model, how }, 'job-started');
    await this.#progress.append(jobId, { event: 'state', metrics: {}, message: `The job was ${how}` });
    this.#changed();
  }

  async #create(row: JobRow): Promise<Running | undefined> {
    const { jobId, model, createdBy } = row;
    try {
      await this.#progress.open(jobId);
      const job = await this.#kind(row.kind).create({
        jobId,
        model,
        createdBy,
        config: JSON.parse(row.configJson) as Record<string, unknown>,
        progress: (point) => void this.#progress.append(jobId, point),
        workChanged: () => this.#changed(),
      });
      if (this.#closing) return undefined;
      const prove = proofOf(jobId, this.#store.jobs, this.#logger);
      const proven = setTimeout(prove, PROOF_MS).unref();
      const ended = this.#follow(jobId, job.finished).finally(() => clearTimeout(proven));
      const running = { job, isStarted: false, isEnding: false, prove, ended };
      this.#running.set(jobId, running);
      return running;
    } catch (error) {
      // What is missing may be what the server has closed already; the next start tries again.
      if (!this.#closing) await this.#end(jobId, 'failed', error);
      return undefined;
    }
  }

  async #follow(jobId: string, finished: RunningJob['finished']): Promise<void> {
    let state: JobState | undefined;
    let failure: unknown;
    try {
      state = (await finished).state;
    } catch (error) {
      state = 'failed';
      failure = error;
    }
    const running = this.#running.get(jobId);
    if (running) running.isEnding = true;
    // A job that the server itself interrupts stays 'running' in the store: that is how it is found at the next start.
    if (this.#closing && state === 'cancelled') state = undefined;
    if (state) await this.#end(jobId, state, failure);
    this.#running.delete(jobId);
    if (state === 'done') for (const listener of this.#doneListeners) listener(jobId);
    this.#changed();
    this.#progress.wake();
  }

  /** What a job that starts or ends is to be waited for with, again and again; undefined once it runs, or does not. */
  #change(jobId: string): Promise<unknown> | undefined {
    const running = this.#running.get(jobId);
    return running?.isEnding ? running.ended : this.#starting.get(jobId);
  }

  async #end(jobId: string, state: JobState, failure?: unknown): Promise<void> {
    const error = failure === undefined ? '' : AppError.from(failure).message;
    if (failure === undefined) this.#logger.info({ jobId, state }, 'job-ended');
    else this.#logger.error({ jobId, err: failure }, 'job-failed');
    const message = `The job is ${state}${error === '' ? '' : `: ${error}`}`;
    try {
      await this.#store.jobs.setState(jobId, state, error);
      await this.#progress.append(jobId, { event: 'state', metrics: {}, message });
    } catch (cause) {
      this.#logger.error({ jobId, err: cause }, 'job-state-not-kept');
    }
  }

  #kind(kind: string): JobKind {
    const found = this.#kinds.get(kind);
    const known = [...this.#kinds.keys()];
    check(
      found !== undefined,
      () => `There is no kind of job ${quoted(kind)}; did you mean '${nearest(kind, known)}'?`,
    );
    return found;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  #checkOpen(): void {
    if (this.#closing) throw new AppError('unavailable', 'The server is stopping');
  }
}
