/**
 * How worker threads end: when their owner asks, between two runs. No thread is terminated, because ONNX Runtime's binding
 * aborts the whole process when its thread goes during a run.
 */

import type { MessagePort, Worker } from 'node:worker_threads';
import { stopRuns } from './onnxruntime/session.js';

const CLOSE = 'close';

/** Asks a thread that listens by `listen` to end, and resolves when it is gone. Harmless if it is. */
export function closeThread(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    if (worker.threadId === -1) {
      resolve();
      return;
    }
    worker.once('exit', () => resolve());
    worker.postMessage(CLOSE);
  });
}

/** What a thread does with its messages. */
export interface Listener {
  take(message: unknown): void;
  /** Waits for what is under way, which fails with its next run, and frees what the thread holds. */
  release(): Promise<void>;
}

/** In a thread: takes messages until the owner closes the thread. Then no run begins any more, and the thread ends. */
export function listen(port: MessagePort, listener: Listener): void {
  let isClosing = false;
  port.on('message', (message: unknown) => {
    if (isClosing) return;
    if (message !== CLOSE) {
      listener.take(message);
      return;
    }
    isClosing = true;
    stopRuns();
    // What cannot be freed goes with the thread.
    void listener
      .release()
      .catch(() => undefined)
      .finally(() => port.close());
  });
}
