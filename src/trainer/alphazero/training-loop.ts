/**
 * Feeds a trainer from a queue: all steps that are due before each game, a breath between steps so that messages come in.
 */

import { breathe } from '../../core/breathe.js';
import { Condition } from '../../core/condition.js';
import { AppError } from '../../core/errors.js';
import type { Engine } from '../../engine/engine.js';
import type { StoredGame } from '../go-data/stored-game.js';
import { Trainer, type StepMetrics, type TrainerCopy } from './trainer.js';
import type { TrainingEvents, TrainingFactory, TrainingHandle } from './training.js';

interface SnapshotRequest {
  readonly resolve: (copy: TrainerCopy) => void;
  readonly reject: (error: AppError) => void;
}
type Queued = { readonly game: StoredGame; readonly progress: number } | SnapshotRequest;

/** Runs a trainer, which it owns, until `stop`. */
export class TrainingLoop implements TrainingHandle {
  readonly #trainer: Trainer;
  readonly #events: TrainingEvents;
  readonly #candidateSteps: number;
  readonly #queue: Queued[] = [];
  readonly #urgent: SnapshotRequest[] = [];
  readonly #changed = new Condition();
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;

  /** @param candidateSteps steps from one `candidate` event to the next; 0 for none */
  constructor(trainer: Trainer, candidateSteps: number, events: TrainingEvents) {
    this.#trainer = trainer;
    this.#candidateSteps = candidateSteps;
    this.#events = events;
  }

  add(game: StoredGame, progress: number): void {
    this.#queue.push({ game, progress });
    this.#changed.notifyAll();
  }

  copy(when: 'now' | 'drained'): Promise<TrainerCopy> {
    return new Promise((resolve, reject) => {
      if (this.#isStopping()) {
        reject(stopped());
        return;
      }
      if (when === 'now') this.#urgent.push({ resolve, reject });
      else this.#queue.push({ resolve, reject });
      this.#changed.notifyAll();
    });
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#changed.notifyAll();
    await this.#running;
  }

  /** Works until `stop`; call it once. Errors go to the `failed` event. */
  run(): Promise<void> {
    this.#running ??= this.#work();
    return this.#running;
  }

  async #work(): Promise<void> {
    try {
      while (!this.#isStopping()) {
        await this.#answer();
        if (this.#trainer.isGrowthDue) await this.#grow();
        else if (this.#trainer.isDue) await this.#step();
        else await this.#takeNext();
      }
    } catch (error) {
      // Growth that is stopped ends with an error; nothing has changed then.
      if (!this.#isStopping()) this.#events.failed(AppError.from(error));
      this.#stopped.abort();
    } finally {
      for (const item of [...this.#urgent, ...this.#queue]) if ('reject' in item) item.reject(stopped());
      await this.#trainer.release();
    }
  }

  async #answer(): Promise<void> {
    for (const request of this.#urgent.splice(0)) request.resolve(await this.#trainer.copy());
  }

  /** The small network becomes a version before it grows: the one that plays on, and that the large one comes from. */
  async #grow(): Promise<void> {
    this.#events.candidate(await this.#trainer.copy());
    this.#events.growth();
    const onStep = async (): Promise<void> => {
      await breathe();
      await this.#answer();
    };
    this.#events.growth(await this.#trainer.grow({ signal: this.#stopped.signal, onStep }));
    await breathe();
  }

  #isStopping(): boolean {
    return this.#stopped.signal.aborted;
  }

  async #step(): Promise<void> {
    const metrics = await this.#trainer.makeStep();
    this.#report(0, metrics);
    if (this.#candidateSteps > 0 && this.#trainer.step % this.#candidateSteps === 0) {
      this.#events.candidate(await this.#trainer.copy());
    }
    await breathe();
  }

  async #takeNext(): Promise<void> {
    const next = this.#queue.shift();
    if (next === undefined) {
      if (this.#urgent.length > 0 || this.#isStopping()) return;
      await this.#changed.wait();
      return;
    }
    if ('resolve' in next) {
      next.resolve(await this.#trainer.copy());
      return;
    }
    this.#trainer.add(next.game, next.progress);
    this.#report(1);
    // A resumed job refills its memory from thousands of games; a stop must get through.
    await breathe();
  }

  #report(taken: number, metrics?: StepMetrics): void {
    const { step, counts, isRefilling: refilling } = this.#trainer;
    this.#events.trained({ taken, step, ...counts, refilling, ...(metrics && { metrics }) });
  }
}

/** Training in the calling thread, which each step blocks. */
export function inProcessTraining(engine: Engine): TrainingFactory {
  return async ({ config, start }, events) => {
    const loop = new TrainingLoop(await Trainer.create(engine, config, start), config.candidateSteps, events);
    void loop.run();
    return loop;
  };
}

function stopped(): AppError {
  return new AppError('cancelled', 'Training was stopped');
}
