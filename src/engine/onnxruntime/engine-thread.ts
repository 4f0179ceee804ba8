/** A worker thread that holds one model (thread.ts), as its owner sees it. */

import { AppError } from '../../core/errors.js';
import { ServiceThread } from '../../threads/service-thread.js';
import { threadUrl } from '../../threads/thread-url.js';
import type { ModelCalls, ThreadModel } from './thread.js';

/** Calls are made in their order. */
export type EngineThread = ServiceThread<ModelCalls>;

/**
 * Starts a thread and waits until its model is loaded.
 *
 * @param gone called when the thread has ended
 * @param given buffers of the model that are given away instead of copied
 */
export function startEngineThread(
  model: ThreadModel,
  gone: () => void = () => undefined,
  given: readonly ArrayBuffer[] = [],
): Promise<EngineThread> {
  const url = threadUrl(import.meta.url, './thread.js');
  return ServiceThread.open({ name: 'engine', url, start: model, transfer: given, gone });
}

/** Why a program that was released is not run. */
export function released(): AppError {
  return new AppError('failed-precondition', 'The program was released');
}
