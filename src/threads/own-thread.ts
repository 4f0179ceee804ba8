/** A thread for one piece of work alone. */

import { type HeldThread, ThreadPool } from './pool.js';

/**
 * Has a thread for calls that may take any time and keep as much memory as a thread has, so that nobody else waits for the
 * thread. It ends with the work, or when `signal` aborts.
 *
 * @param name of the thread, in profiles and in the list of the process's threads
 * @param work makes the calls, which must not overlap
 * @throws AppError as `ThreadPool.hold` and the calls do
 */
export async function inOwnThread<Result>(
  name: string,
  work: (thread: HeldThread) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const pool = new ThreadPool({ name, threads: 1, waiting: 0 });
  try {
    return await work(await pool.hold(signal));
  } finally {
    await pool.close();
  }
}
