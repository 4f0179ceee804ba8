/** Jobs that are created, resumed and cancelled at once, on two models, while the server may stop and start again. */

import fc from 'fast-check';
import { pino } from 'pino';
import { AppError } from '../../src/core/errors.js';
import type { JobContext } from '../../src/trainer/harness/ports.js';
import type { JobKind, RunningJob } from '../../src/trainer/harness/job-kind.js';
import { JobRunner } from '../../src/server/jobs.js';
import { actor, Promises, settle, subject, turn } from './explore.js';
import { scheduledStore, type ScheduledStore } from './scheduled-store.js';

const model = fc.constantFrom('m', 'n');
/** How a job goes: it ends by itself, or only when it is cancelled. */
const course = fc.constantFrom('goes on', 'goes on', 'done', 'fails', 'does not start', 'cannot be made');
type Course = typeof course extends fc.Arbitrary<infer T> ? T : never;

const call = fc.oneof(
  fc.record({ kind: fc.constant('create' as const), model, course }),
  fc.record({ kind: fc.constantFrom('resume' as const, 'cancel' as const), pick: fc.nat(3) }),
);
type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;

/** Several clients, each with a few calls one after another; `stopAfter` steps on, the server stops. */
export const jobTakeUp = subject(
  'job take-up',
  fc.record({
    clients: fc.array(fc.array(call, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }),
    stopAfter: fc.option(fc.nat(12)),
    /** Calls of one more client while the server starts again. */
    late: fc.array(call, { maxLength: 3 }),
  }),
  async (scheduler, { clients, stopAfter, late }) => {
    const world = new World(scheduler);
    const calls = clients.map((each, i) =>
      actor(
        scheduler,
        `client ${i}`,
        each.map((one) => () => world.call(one)),
      ),
    );
    const stop = stopAfter === null ? [] : [world.stopAfter(stopAfter)];
    await settle(scheduler, Promise.all([...calls, ...stop]));
    world.check();
    const calling = late.map((one) => () => world.call(one));
    await settle(scheduler, Promise.all([world.startAgain(), actor(scheduler, 'late client', calling)]));
    world.check();
    await settle(scheduler, world.stop());
    world.promises.check();
  },
);

class World {
  readonly promises = new Promises();
  readonly #scheduler: fc.Scheduler;
  readonly #stored: ScheduledStore;
  readonly #courses = new Map<string, Course>();
  /** Jobs at work, by model. */
  readonly #atWork = new Map<string, Set<ScheduledJob>>();
  /** Jobs as often as they were made. */
  readonly #made: string[] = [];
  /** Jobs that are made or about to be, and not over. */
  readonly #living = new Set<string>();
  #runner: JobRunner;
  #runnerStops = false;
  #isStopped = false;

  constructor(scheduler: fc.Scheduler) {
    this.#scheduler = scheduler;
    this.#stored = scheduledStore(scheduler);
    this.#runner = this.#makeRunner();
  }

  async call(call: Call): Promise<void> {
    try {
      if (call.kind === 'create') {
        const { jobId } = await this.#runner.create('scheduled', call.model, { course: call.course });
        this.promises.expect(this.#stored.now.getJob(jobId) !== undefined, `${jobId} is not stored`);
        return;
      }
      const jobs = this.#stored.now.listJobs();
      const job = jobs[call.pick % Math.max(1, jobs.length)];
      if (!job) return;
      if (call.kind === 'resume') {
        await this.#resume(job.jobId);
      } else await this.#runner.cancel(job.jobId);
    } catch (error) {
      const { kind, message } = AppError.from(error);
      const isEarly = call.kind === 'cancel' && /about to start/.test(message);
      const known = kind === 'failed-precondition' || (kind === 'unavailable' && (this.#runnerStops || isEarly));
      this.promises.expect(known, `${call.kind} ended with ${kind}: ${message}`);
    }
  }

  async stopAfter(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) await turn(this.#scheduler, 'clock');
    await this.stop();
  }

  async stop(): Promise<void> {
    this.#runnerStops = true;
    await this.#runner.close();
    this.#isStopped = true;
    for (const jobs of this.#atWork.values()) this.promises.expect(jobs.size === 0, 'A job works after the stop');
  }

  async startAgain(): Promise<void> {
    if (!this.#isStopped) return;
    this.#runner = this.#makeRunner();
    this.#isStopped = false;
    this.#runnerStops = false;
    for (const [jobId, course] of this.#courses) if (course !== 'goes on') this.#courses.set(jobId, 'done');
    await this.#runner.resumeAll();
  }

  /** What is stored is what is. */
  check(): void {
    for (const { jobId, state, model } of this.#stored.now.listJobs()) {
      const atWork = [...(this.#atWork.get(model) ?? [])].some((job) => job.context.jobId === jobId);
      if (this.#isStopped) {
        this.promises.expect(!atWork, `${jobId} works after the stop`);
        continue;
      }
      const isRunning = this.#runner.isRunning(jobId);
      this.promises.expect(atWork === (state === 'running'), `${jobId} is ${state} and works: ${atWork}`);
      this.promises.expect(isRunning === atWork, `${jobId} works: ${atWork}; the runner says ${isRunning}`);
    }
    this.promises.check();
  }

  /** A call that is answered found the job running, or had it made again. */
  async #resume(jobId: string): Promise<void> {
    const [isThere, made] = [this.#living.has(jobId), this.#timesMade(jobId)];
    const { state } = await this.#runner.resume(jobId);
    const isResumed = isThere || state === 'running' || this.#timesMade(jobId) > made;
    this.promises.expect(isResumed, `${jobId} was resumed and is ${state}`);
  }

  #timesMade(jobId: string): number {
    return this.#made.filter((each) => each === jobId).length;
  }

  #makeRunner(): JobRunner {
    const { store } = this.#stored;
    const kind: JobKind = {
      kind: 'scheduled',
      readConfig: (input) => ({ ...input }),
      // Some checks have nothing to wait for: then several calls go on in one turn.
      checkModel: ({ model }) => (model === 'm' ? Promise.resolve() : turn(this.#scheduler, 'checkModel')),
      create: (context) => this.#make(context),
    };
    return new JobRunner({ store, kinds: [kind], logger: pino({ level: 'silent' }), now: () => 0 });
  }

  async #make(context: JobContext): Promise<RunningJob> {
    const { jobId, config } = context;
    this.#made.push(jobId);
    this.#living.add(jobId);
    await turn(this.#scheduler, `make ${jobId}`);
    const course = this.#courses.get(jobId) ?? (config['course'] as Course);
    // What failed once goes on when it is resumed.
    this.#courses.set(jobId, 'goes on');
    if (course === 'cannot be made') this.#living.delete(jobId);
    if (course === 'cannot be made') throw new AppError('resource-exhausted', 'no room');
    return new ScheduledJob(this.#scheduler, context, course, {
      begin: (job) => this.#begin(job),
      end: (job) => {
        this.#living.delete(jobId);
        this.#atWork.get(job.context.model)?.delete(job);
      },
    });
  }

  #begin(job: ScheduledJob): void {
    const { model, jobId } = job.context;
    const others = this.#atWork.get(model) ?? new Set();
    this.promises.expect(others.size === 0, `${jobId} begins on ${model} beside another`);
    this.promises.expect(!this.#isStopped, `${jobId} begins after the stop`);
    this.#atWork.set(model, others.add(job));
  }
}

interface Witness {
  begin(job: ScheduledJob): void;
  end(job: ScheduledJob): void;
}

/** A job whose steps the scheduler takes. */
class ScheduledJob implements RunningJob {
  readonly context: JobContext;
  readonly finished: RunningJob['finished'];
  readonly selfPlay = undefined as never;
  readonly #scheduler: fc.Scheduler;
  readonly #course: Course;
  readonly #witness: Witness;
  #isCancelled = false;
  #finish: (outcome: { readonly state: 'done' | 'cancelled' }) => void = () => undefined;
  #fail: (error: AppError) => void = () => undefined;
  #isOver = false;

  constructor(scheduler: fc.Scheduler, context: JobContext, course: Course, witness: Witness) {
    this.#scheduler = scheduler;
    this.context = context;
    this.#course = course;
    this.#witness = witness;
    this.finished = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
  }

  async start(): Promise<void> {
    await turn(this.#scheduler, 'start');
    if (this.#isOver) return;
    if (this.#course === 'does not start') {
      const error = new AppError('failed-precondition', 'it is broken');
      this.#end(() => this.#fail(error));
      throw error;
    }
    this.#witness.begin(this);
    if (this.#course === 'done') void this.#endLater(() => this.#finish({ state: 'done' }));
    if (this.#course === 'fails') void this.#endLater(() => this.#fail(new AppError('internal', 'it failed')));
  }

  cancel(): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    void this.#endLater(() => this.#finish({ state: 'cancelled' }));
  }

  async #endLater(end: () => void): Promise<void> {
    await turn(this.#scheduler, 'last step');
    this.#end(end);
  }

  #end(end: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#witness.end(this);
    end();
  }
}
