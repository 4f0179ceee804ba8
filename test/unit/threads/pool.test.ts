import { threadId } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.js';
import { ThreadPool, type PoolOptions, type ThreadModule } from '../../../src/threads/pool.js';

interface Functions {
  idOfThread(): number;
  add(a: number, b: number): number;
  spin(): never;
  refuse(message: string): void;
  fail(): void;
  exit(): void;
  wait(shared: Int32Array): number;
  doubled(numbers: Float64Array): { numbers: Float64Array; given: ArrayBuffer };
}
const functions: ThreadModule<Functions> = {
  url: new URL('../../support/thread-functions.mjs', import.meta.url).href,
};

const pools: ThreadPool[] = [];
function open(options: Partial<PoolOptions> = {}): ThreadPool {
  const pool = new ThreadPool({ name: 'test', threads: 1, waiting: 8, ...options });
  pools.push(pool);
  return pool;
}

/** A call that is under way when this resolves, and ends at `release`. */
async function hold(pool: ThreadPool): Promise<{ readonly held: Promise<number>; release: () => void }> {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const held = pool.run(functions, 'wait', [shared]);
  while (Atomics.load(shared, 1) === 0) await new Promise((resolve) => setImmediate(resolve));
  const release = (): void => {
    Atomics.store(shared, 0, 1);
    Atomics.notify(shared, 0);
  };
  return { held, release };
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

describe('ThreadPool', () => {
  it('makes calls in threads, as many at once as it has, and the others in their order', async () => {
    const pool = open({ threads: 2 });
    const [first, second] = [await hold(pool), await hold(pool)];
    const waiting = [1, 2, 3].map((n) => pool.run(functions, 'add', [n, n]));
    expect(pool.calls).toBe(2);
    first.release();
    expect(await Promise.all(waiting)).toEqual([2, 4, 6]);
    second.release();
    const ids = new Set([await first.held, await second.held]);
    expect(ids.size).toBe(2);
    expect(ids).not.toContain(threadId);
    expect(ids).toContain(await pool.run(functions, 'idOfThread', []));
    expect(pool.calls).toBe(6);
  });

  it('keeps a thread for several calls, and ends it when they are given up', async () => {
    const pool = open();
    const held = await pool.hold();
    const id = await held.run(functions, 'idOfThread', []);
    const waiting = pool.run(functions, 'idOfThread', []);
    expect(await held.run(functions, 'idOfThread', [])).toBe(id);
    held.release();
    expect(await waiting).toBe(id);
    const given = new AbortController();
    const again = await pool.hold(given.signal);
    const spinning = again.run(functions, 'spin', []);
    given.abort();
    await expect(spinning).rejects.toMatchObject({ kind: 'cancelled' });
    await expect(again.run(functions, 'add', [1, 2])).rejects.toMatchObject({ kind: 'cancelled' });
    again.release();
    expect(await pool.run(functions, 'add', [1, 2])).toBe(3);
  });

  it('refuses calls beyond the queue', async () => {
    const pool = open({ waiting: 1 });
    const { held, release } = await hold(pool);
    const waiting = pool.run(functions, 'add', [1, 2]);
    await expect(pool.run(functions, 'add', [1, 2])).rejects.toMatchObject({
      kind: 'resource-exhausted',
      message: 'All 1 threads are busy and 1 calls wait for one; the server takes no more of them now',
    });
    release();
    expect(await waiting).toBe(3);
    await held;
  });

  it('ends a thread that takes too long, and goes on with another', async () => {
    const pool = open();
    const before = await pool.run(functions, 'idOfThread', []);
    const spinning = pool.run(functions, 'spin', [], { timeoutMs: 50 });
    const next = pool.run(functions, 'idOfThread', []);
    await expect(spinning).rejects.toMatchObject({
      kind: 'deadline-exceeded',
      message: 'The work took longer than 50 ms',
    });
    expect(await next).not.toBe(before);
  });

  it('gives up a call under way and one that waits', async () => {
    const pool = open();
    const [under, waits] = [new AbortController(), new AbortController()];
    const spinning = pool.run(functions, 'spin', [], { signal: under.signal });
    const waiting = pool.run(functions, 'add', [1, 2], { signal: waits.signal });
    waits.abort();
    await expect(waiting).rejects.toMatchObject({ kind: 'cancelled' });
    under.abort(AppError.from(new DOMException('', 'TimeoutError')));
    await expect(spinning).rejects.toMatchObject({ kind: 'deadline-exceeded' });
    await expect(pool.run(functions, 'add', [1, 2], { signal: under.signal })).rejects.toMatchObject({
      kind: 'deadline-exceeded',
    });
    expect(await pool.run(functions, 'add', [1, 2])).toBe(3);
  });

  it('keeps no timer for a call that was given up while the news that it begins was on its way', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const pool = open();
    await pool.run(functions, 'add', [1, 2]);
    const before = timers();
    const shared = new Int32Array(new SharedArrayBuffer(8));
    const controller = new AbortController();
    const call = pool.run(functions, 'wait', [shared], { signal: controller.signal, timeoutMs: 3_600_000 });
    const given = expect(call).rejects.toMatchObject({ kind: 'cancelled' });
    const soon = performance.now() + 10_000;
    for (let turns = 0; turns < 50; turns++) await Promise.resolve();
    // The thread says that it begins and does so; this thread hears nothing before it has given the call up.
    while (Atomics.load(shared, 1) === 0 && performance.now() < soon);
    controller.abort();
    await given;
    // The thread that was given up is gone when another has started.
    await pool.run(functions, 'add', [1, 2]);
    expect(timers()).toBeLessThanOrEqual(before);
  });

  it('keeps the kind and the causes of errors, and the thread', async () => {
    const pool = open();
    const before = await pool.run(functions, 'idOfThread', []);
    const refused = await pool.run(functions, 'refuse', ['no such']).catch((e: unknown) => e);
    expect(refused).toMatchObject({ kind: 'not-found', message: 'no such' });
    expect(refused).toMatchObject({ cause: { message: 'why', cause: { message: 'why that' } } });
    const failed = await pool.run(functions, 'fail', []).catch((e: unknown) => e);
    expect(failed).toMatchObject({ kind: 'internal', message: 'broken' });
    expect((failed as { cause: Error }).cause.stack).toContain('thread-functions.mjs');
    expect(await pool.run(functions, 'idOfThread', [])).toBe(before);
  });

  it('replaces a thread that died', async () => {
    const pool = open();
    await expect(pool.run(functions, 'exit', [])).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await pool.run(functions, 'add', [1, 2])).toBe(3);
  });

  it('gives buffers away where it is asked to', async () => {
    const pool = open();
    const numbers = new Float64Array([1, 2]);
    const result = await pool.run(functions, 'doubled', [numbers], { transfer: [numbers.buffer] });
    expect(numbers.length).toBe(0);
    expect(result.numbers).toEqual(new Float64Array([2, 4]));
    expect(new Float64Array(result.given)).toEqual(new Float64Array([1, 2]));
  });

  it('rejects calls under way, waiting and coming when it is closed', async () => {
    const pool = open();
    const calls = [pool.run(functions, 'spin', []), pool.run(functions, 'add', [1, 2])];
    const settled = Promise.allSettled(calls);
    await pool.close();
    const closed = { status: 'rejected', reason: { kind: 'unavailable', message: 'The server is shutting down' } };
    expect(await settled).toMatchObject([closed, closed]);
    await expect(pool.run(functions, 'add', [1, 2])).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
