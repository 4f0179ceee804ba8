/** A worker thread that computes one graph (thread.ts), as its owner sees it. */

import { AppError } from '../core/errors.js';
import { ServiceThread } from '../threads/service-thread.js';
import { threadUrl } from '../threads/thread-url.js';
import type { GraphCalls, ThreadGraph } from './thread-messages.js';

/** Calls are made in their order. */
export type EngineThread = ServiceThread<GraphCalls>;

/**
 * Starts a thread and waits until its graph is compiled. The graph's bytes are given away.
 *
 * @param gone called when the thread has ended
 */
export function startEngineThread(start: ThreadGraph, gone: () => void = () => undefined): Promise<EngineThread> {
  const url = threadUrl(import.meta.url, './thread.js');
  return ServiceThread.open({ name: 'engine', url, start, transfer: [start.graph.buffer], gone });
}

/** Why a program that was released is not run. */
export function released(): AppError {
  return new AppError('failed-precondition', 'The program was released');
}
