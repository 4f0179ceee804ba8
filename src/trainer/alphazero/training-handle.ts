/** Training in a worker thread, so that steps never block the server's event loop. */

import { Worker } from 'node:worker_threads';

import { AppError } from '../../core/errors.js';
import { keepTrace, trace } from '../../core/trace.js';
import type { EngineSettings } from '../../engine/open-engine.js';
import { threadUrl } from '../../threads/thread-url.js';
import type { StoredGame } from './ports.js';
import type { TrainerSnapshot } from './trainer.js';
import type { TrainingEvents, TrainingFactory, TrainingHandle } from './training.js';
import type { FromTraining, PlainError, ToTraining, TrainingThreadStart } from './training-messages.js';

/** Training in a thread that opens the engine itself. */
export function threadTraining(engine: EngineSettings): TrainingFactory {
  return async (setup, events) => {
    const handle = new ThreadTraining({ ...setup, engine, traced: trace !== undefined }, events);
    await handle.ready;
    return handle;
  };
}

interface Waiting {
  readonly resolve: (snapshot: TrainerSnapshot) => void;
  readonly reject: (error: AppError) => void;
}

class ThreadTraining implements TrainingHandle {
  readonly ready: Promise<void>;
  readonly #worker: Worker;
  readonly #events: TrainingEvents;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #nextId = 0;
  #error: AppError | undefined;
  #becomeReady: () => void = () => undefined;
  #becomeFailed: (error: AppError) => void = () => undefined;

  constructor(start: TrainingThreadStart, events: TrainingEvents) {
    this.#events = events;
    this.#worker = new Worker(threadUrl(import.meta.url, './training-thread.js'), { workerData: start });
    this.ready = new Promise((resolve, reject) => {
      this.#becomeReady = resolve;
      this.#becomeFailed = reject;
    });
    this.#worker.on('message', (message: FromTraining) => {
      this.#receive(message);
    });
    this.#worker.on('error', (error) => {
      this.#fail(AppError.from(error));
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#end();
        resolve();
      });
    });
  }

  add(game: StoredGame, progress: number): void {
    this.#post({ kind: 'game', game, progress });
  }

  snapshot(when: 'now' | 'drained'): Promise<TrainerSnapshot> {
    if (this.#error) return Promise.reject(this.#error);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#post({ kind: 'snapshot', id, when });
    });
  }

  async stop(): Promise<void> {
    this.#post({ kind: 'stop' });
    await this.#exited;
  }

  #post(message: ToTraining): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromTraining): void {
    switch (message.kind) {
      case 'ready':
        this.#becomeReady();
        break;
      case 'trained':
        this.#events.trained(message.report);
        break;
      case 'candidate':
        this.#events.candidate(message.snapshot);
        break;
      case 'growth':
        this.#events.growth(message.outcome);
        break;
      case 'trace':
        keepTrace(message.trace);
        break;
      case 'failed':
        this.#fail(appError(message));
        break;
      case 'snapshot': {
        const waiting = this.#waiting.get(message.id);
        this.#waiting.delete(message.id);
        if ('errorKind' in message.result) waiting?.reject(appError(message.result));
        else waiting?.resolve(message.result);
      }
    }
  }

  #fail(error: AppError): void {
    if (this.#error) return;
    this.#error = error;
    this.#becomeFailed(error);
    this.#events.failed(error);
  }

  /** The thread is gone, told to or not: nobody may go on waiting for it. */
  #end(): void {
    const error = this.#error ?? new AppError('cancelled', 'Training was stopped');
    this.#error = error;
    this.#becomeFailed(error);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function appError({ errorKind, message }: PlainError): AppError {
  return new AppError(errorKind, message);
}
