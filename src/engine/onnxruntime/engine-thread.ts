/** A worker thread that holds one model (thread.ts), as its owner sees it. */

import { Worker } from 'node:worker_threads';

import { AppError } from '../../core/errors.js';
import { closeThread } from '../closing.js';
import { threadUrl } from '../../threads/thread-url.js';
import type { Reply, Request, ThreadJob } from './messages.js';

interface Waiting {
  readonly resolve: (reply: Reply & { ok: true }) => void;
  readonly reject: (error: AppError) => void;
}

/** One worker thread and the calls that wait for its answers. */
export class EngineThread {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  #failure: AppError | undefined;

  private constructor(job: ThreadJob, onExit: (ended: EngineThread) => void, given: readonly ArrayBuffer[]) {
    const options = { workerData: job, transferList: [...given] };
    this.#worker = new Worker(threadUrl(import.meta.url, './thread.js'), options);
    this.#worker.on('message', (reply: Reply) => {
      const waiting = this.#waiting.shift();
      if (reply.ok) waiting?.resolve(reply);
      else waiting?.reject(new AppError(reply.kind, reply.message));
    });
    this.#worker.on('error', (error) => {
      this.#failure = new AppError('internal', `The engine thread failed: ${String(error)}`, { cause: error });
    });
    this.#worker.on('exit', () => {
      this.#fail();
      onExit(this);
    });
  }

  /**
   * Starts a thread and waits until its model is loaded.
   *
   * @param given buffers of the job that are given away instead of copied
   */
  static async start(
    job: ThreadJob,
    onExit: (ended: EngineThread) => void = () => undefined,
    given: readonly ArrayBuffer[] = [],
  ): Promise<EngineThread> {
    const thread = new EngineThread(job, onExit, given);
    try {
      await thread.call({ call: 'ready' });
      return thread;
    } catch (error) {
      await thread.close();
      throw error;
    }
  }

  /** Asks and waits for the answer; answers come in order. */
  call(request: Request): Promise<Reply & { ok: true }> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  /** Answers what waits, frees the model and ends the thread. */
  async release(): Promise<void> {
    if (this.#failure !== undefined) return;
    const last = this.call({ call: 'ready' });
    this.#failure = released();
    await last.catch(() => undefined);
    await closeThread(this.#worker);
  }

  /** Ends the thread after the run under way; what waits fails. */
  async close(): Promise<void> {
    this.#fail();
    await closeThread(this.#worker);
  }

  #fail(): void {
    this.#failure ??= released();
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}

function released(): AppError {
  return new AppError('failed-precondition', 'The program was released');
}
