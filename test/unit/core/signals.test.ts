import { describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/core/errors.js';
import {
  Cancellation,
  cancelled,
  delay,
  orAborted,
  startTimer,
  throwIfAborted,
  until,
} from '../../../src/core/signals.js';

const isCancelled = expect.objectContaining({ kind: 'cancelled' }) as unknown;

describe('a Cancellation', () => {
  it('tells its listeners once, and not those that have left', () => {
    const cancellation = new Cancellation();
    const [stays, leaves] = [vi.fn(), vi.fn()];
    cancellation.addEventListener('abort', stays);
    cancellation.addEventListener('abort', leaves);
    cancellation.removeEventListener('abort', leaves);
    expect(cancellation.aborted).toBe(false);
    const reason = new Error('enough');
    cancellation.abort(reason);
    cancellation.abort(new Error('again'));
    expect([cancellation.aborted, cancellation.reason]).toEqual([true, reason]);
    expect([stays.mock.calls.length, leaves.mock.calls.length]).toEqual([1, 0]);
  });

  it('is cancelled for no reason but that', () => {
    const cancellation = new Cancellation();
    cancellation.abort();
    expect(cancellation.reason).toEqual(isCancelled);
  });
});

describe('the error of an aborted signal', () => {
  it('is its reason where that is an error of ours, and else says that it was cancelled', () => {
    const own = new AppError('unavailable', 'The server stops');
    const raw = new Error('raw');
    const timeout = Object.assign(new Error('late'), { name: 'TimeoutError' });
    expect(cancelled({ reason: own })).toBe(own);
    expect(cancelled({ reason: raw })).toMatchObject({ kind: 'cancelled', cause: raw });
    expect(cancelled({ reason: timeout }).kind).toBe('deadline-exceeded');
    expect(cancelled(AbortSignal.abort()).kind).toBe('cancelled');
  });

  it('is thrown only if the signal is aborted', () => {
    expect(() => throwIfAborted(undefined)).not.toThrow();
    expect(() => throwIfAborted(new AbortController().signal)).not.toThrow();
    expect(() => throwIfAborted(AbortSignal.abort())).toThrow(isCancelled);
  });
});

describe('a delay', () => {
  it('ends after its time, and leaves neither timer nor listener', async () => {
    vi.useFakeTimers();
    try {
      const { signal } = new AbortController();
      const remove = vi.spyOn(signal, 'removeEventListener');
      const ended = vi.fn();
      const waiting = delay(1000, signal).then(ended);
      await vi.advanceTimersByTimeAsync(999);
      expect(ended).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(1);
      await waiting;
      expect([ended.mock.calls.length, remove.mock.calls.length, vi.getTimerCount()]).toEqual([1, 1, 0]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is cut short by its signal, before and while it runs', async () => {
    vi.useFakeTimers();
    try {
      await expect(delay(1000, AbortSignal.abort())).rejects.toEqual(isCancelled);
      const controller = new AbortController();
      const waiting = delay(1000, controller.signal);
      controller.abort();
      await expect(waiting).rejects.toEqual(isCancelled);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('of startTimer calls nothing once it is stopped', async () => {
    vi.useFakeTimers();
    try {
      const [called, stopped] = [vi.fn(), vi.fn()];
      startTimer(called, 5);
      startTimer(stopped, 5)();
      await vi.advanceTimersByTimeAsync(5);
      expect([called.mock.calls.length, stopped.mock.calls.length]).toEqual([1, 0]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a promise or its signal', () => {
  it('settles as the promise does, and leaves no listener', async () => {
    const { signal } = new AbortController();
    const [add, remove] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
    expect(await orAborted(Promise.resolve(7), signal)).toBe(7);
    await expect(orAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
    expect([add.mock.calls.length, remove.mock.calls.length]).toEqual([2, 2]);
    expect(await orAborted(Promise.resolve(7))).toBe(7);
  });

  it('rejects when the signal comes first', async () => {
    const never = new Promise<never>(() => undefined);
    await expect(orAborted(never, AbortSignal.abort())).rejects.toEqual(isCancelled);
    const cancellation = new Cancellation();
    const waiting = orAborted(never, cancellation);
    cancellation.abort();
    await expect(waiting).rejects.toEqual(isCancelled);
  });
});

describe('items until a signal', () => {
  async function* counting(ended: () => void, last = Infinity): AsyncGenerator<number, string> {
    try {
      for (let i = 1; i <= last; i++) yield await Promise.resolve(i);
      return 'all';
    } finally {
      ended();
    }
  }

  it('are all there, and what the source returns, where no signal comes', async () => {
    const ended = vi.fn();
    const items = until<number, string>(counting(ended, 2), new Cancellation());
    expect([await items.next(), await items.next(), await items.next()]).toEqual([
      { value: 1, done: false },
      { value: 2, done: false },
      { value: 'all', done: true },
    ]);
    expect(ended).toHaveBeenCalledOnce();
  });

  it('end with its error, and the source is told', async () => {
    const ended = vi.fn();
    const end = new Cancellation();
    const seen: number[] = [];
    const reading = (async () => {
      for await (const item of until(counting(ended), end)) {
        seen.push(item);
        if (item === 3) end.abort();
      }
    })();
    await expect(reading).rejects.toEqual(isCancelled);
    expect(seen).toEqual([1, 2, 3]);
    expect(ended).toHaveBeenCalledOnce();
  });

  it('end even while the next one is waited for', async () => {
    const end = new Cancellation();
    const silent: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }),
    };
    const next = until(silent, end).next();
    end.abort();
    await expect(next).rejects.toEqual(isCancelled);
  });
});
