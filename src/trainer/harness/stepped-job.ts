/**
 * A job that makes steps, one after the other, with evaluations, checkpoints and versions between them: its life from the
 * checkpoint to the last version. A job that was stopped goes on as if it had not been.
 */

import { AppError } from '../../core/errors.js';
import type { JobOutcome, RunningJob } from './job-kind.js';
import type { JobCheckpoints } from './ports.js';

/** What a job does, once everything is read. Calls do not overlap. */
export interface Steps {
  /** Steps made. */
  readonly step: number;
  /** Steps of the whole job. */
  readonly steps: number;
  /** Makes a step and says what it gave. @param signal gives up what leaves the state as it was before the step */
  next(signal: AbortSignal): Promise<void>;
  /** Measures the model after a step. @param signal gives the evaluation up */
  evaluate?(signal: AbortSignal): Promise<void>;
  /** What follows step `step` (evaluation, checkpoint, version) is still to be done. */
  readonly isOpen?: boolean;
  /** All that the next step depends on, but for the data. @param isEvaluated whether the evaluation of this step was made */
  checkpoint?(isEvaluated: boolean): Promise<Uint8Array>;
  /** Makes a version of the model. */
  publish(): Promise<void>;
  /** Frees everything. */
  close(): Promise<void>;
}

/** Steps from one evaluation, checkpoint or version to the next. The last step has all three; 0 makes no version before. */
export interface Cadence {
  readonly evaluationSteps: number;
  readonly checkpointSteps: number;
  readonly versionSteps: number;
}

/** Reads the data and whatever else the steps need. @param signal gives the reading up */
export type Prepare = (checkpoint: Uint8Array | undefined, signal: AbortSignal) => Promise<Steps>;

export class SteppedJob implements RunningJob {
  readonly finished: Promise<JobOutcome>;
  readonly #prepare: Prepare;
  readonly #checkpoints: JobCheckpoints;
  readonly #cadence: Cadence;
  readonly #stop = new AbortController();
  /** Whether the evaluation that is due was made. */
  #isEvaluated = true;
  #resolve!: (outcome: JobOutcome) => void;
  #reject!: (error: unknown) => void;

  constructor(prepare: Prepare, checkpoints: JobCheckpoints, cadence: Cadence) {
    this.#prepare = prepare;
    this.#checkpoints = checkpoints;
    this.#cadence = cadence;
    this.finished = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever only starts the job hears of a failure there.
    this.finished.catch(() => undefined);
  }

  async start(): Promise<void> {
    try {
      const steps = await this.#prepare(await this.#checkpoints.load(), this.#stop.signal);
      this.#run(steps)
        .finally(() => steps.close())
        .then(this.#resolve, this.#reject);
    } catch (error) {
      if (this.#isStop(error)) this.#resolve({ state: 'cancelled' });
      else this.#reject(error);
      throw error;
    }
  }

  /** Stops while the data is read; or with a checkpoint, after the step under way or before it if it can be given up. */
  cancel(): void {
    this.#stop.abort(new AppError('cancelled', 'The job was stopped'));
  }

  async #run(steps: Steps): Promise<JobOutcome> {
    try {
      await this.#makeSteps(steps);
    } catch (error) {
      if (!this.#isStop(error)) throw error;
    }
    const isDone = steps.step >= steps.steps && this.#isEvaluated;
    await this.#save(steps);
    if (isDone) await steps.publish();
    return { state: isDone ? 'done' : 'cancelled' };
  }

  async #makeSteps(steps: Steps): Promise<void> {
    const { signal } = this.#stop;
    if (steps.isOpen) await this.#follow(steps);
    while (steps.step < steps.steps && !signal.aborted) {
      await steps.next(signal);
      await this.#follow(steps);
    }
  }

  /** What follows a step, each if its turn has come. */
  async #follow(steps: Steps): Promise<void> {
    const { step } = steps;
    const { evaluationSteps, checkpointSteps, versionSteps } = this.#cadence;
    const isLast = step === steps.steps;
    if (isLast || step % evaluationSteps === 0) {
      this.#isEvaluated = false;
      await steps.evaluate?.(this.#stop.signal);
      this.#isEvaluated = true;
    }
    if (isLast || step === 0) return;
    if (step % checkpointSteps === 0) await this.#save(steps);
    if (versionSteps > 0 && step % versionSteps === 0) await steps.publish();
  }

  async #save(steps: Steps): Promise<void> {
    const bytes = await steps.checkpoint?.(this.#isEvaluated);
    if (bytes) await this.#checkpoints.save(steps.step, bytes);
  }

  #isStop(error: unknown): boolean {
    return this.#stop.signal.aborted && AppError.from(error).kind === 'cancelled';
  }
}
