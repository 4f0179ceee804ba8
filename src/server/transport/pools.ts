/** Threads for what clients send and have computed, beside those of networks. */

import { ThreadPool } from '../../threads/pool.js';

/** Threads of a pool, and the calls that may wait for one. */
const WORK_THREADS = 2;
const MOST_WAITING = 32;
const MOST_MESSAGES = 256;
/** Texts that wait to be made into tokens. */
const MOST_TEXTS = 1024;
/** Curricula at once, each in a thread of its own. */
const MOST_CURRICULA = 16;

/** By what their threads do; a thread is started when it is first needed. */
export type Pools = Readonly<Record<'work' | 'files' | 'messages' | 'tokenizing' | 'curricula', ThreadPool>>;

export function openPools(): Pools {
  return {
    work: new ThreadPool({ name: 'work', threads: WORK_THREADS, waiting: MOST_WAITING }),
    // Apart, so that files, which may take minutes, keep no other calls waiting.
    files: new ThreadPool({ name: 'files', threads: WORK_THREADS, waiting: MOST_WAITING }),
    // Of ModelInfer and Work, each of some megabytes at most and read in seconds.
    messages: new ThreadPool({ name: 'messages', threads: WORK_THREADS, waiting: MOST_MESSAGES }),
    tokenizing: new ThreadPool({ name: 'tokenizing', threads: WORK_THREADS, waiting: MOST_TEXTS }),
    curricula: new ThreadPool({ name: 'curriculum', threads: MOST_CURRICULA, waiting: 0 }),
  };
}

export async function closePools(pools: Pools): Promise<void> {
  await Promise.all(Object.values(pools).map((pool) => pool.close()));
}
