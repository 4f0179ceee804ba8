/**
 * Cancellation. Every function that can wait takes an `AbortSignal`; these are the few pieces that AbortSignal lacks.
 */

import { AppError } from './errors.js';

/** What is needed of an `AbortSignal` here. */
export interface CancelSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

const nobody: readonly (() => void)[] = [];

/** An `AbortController` and its signal for requests that come by the ten thousand a second; listeners are called once. */
export class Cancellation implements CancelSignal {
  aborted = false;
  reason: unknown;
  #listeners = nobody;

  /** Tells the listeners; a second time does nothing. */
  abort(reason: unknown = new AppError('cancelled', 'The operation was cancelled')): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const listeners = this.#listeners;
    this.#listeners = nobody;
    for (const listener of listeners) listener();
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners = [...this.#listeners, listener];
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const rest = this.#listeners.filter((each) => each !== listener);
    this.#listeners = rest.length === 0 ? nobody : rest;
  }
}

/** Throws `cancelled` if `signal` is already aborted. */
export function throwIfAborted(signal: CancelSignal | undefined): void {
  if (signal?.aborted) throw cancelled(signal);
}

/** The `AppError` that stands for this aborted signal: `deadline-exceeded` if it timed out, else `cancelled`. */
export function cancelled(signal: Pick<CancelSignal, 'reason'>): AppError {
  const error = AppError.from(signal.reason);
  return error.kind === 'internal'
    ? new AppError('cancelled', 'The operation was cancelled', { cause: signal.reason })
    : error;
}

/** Resolves after `ms`; rejects with `cancelled` as soon as `signal` aborts. The timer never outlives the promise. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(cancelled(signal));
      return;
    }
    const stop = (): void => {
      clearTimeout(timer);
      if (signal) reject(cancelled(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** Calls `call` once `ms` have passed, unless the function that it returns is called before. */
export type StartTimer = (call: () => void, ms: number) => () => void;

/** The timer of this machine's clock. */
export const startTimer: StartTimer = (call, ms) => {
  const timer = setTimeout(call, ms);
  return () => clearTimeout(timer);
};

/** Settles as `promise` does, or rejects with `cancelled` when `signal` aborts first; leaves no listener behind. */
export async function orAborted<T>(promise: Promise<T>, signal?: CancelSignal): Promise<T> {
  if (!signal) return promise;
  throwIfAborted(signal);
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      reject(cancelled(signal));
    };
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/**
 * What `source` yields and returns, until `end` aborts: then the error that stands for `end`, even while the next item
 * is still waited for. The source is told to end, and not waited for.
 */
export async function* until<T, R = unknown>(
  source: AsyncGenerator<T, R> | AsyncIterable<T>,
  end: CancelSignal,
): AsyncGenerator<T, R> {
  const iterator = source[Symbol.asyncIterator]() as AsyncIterator<T, R>;
  let stop = (): void => undefined;
  const aborted = (): void => stop();
  end.addEventListener('abort', aborted, { once: true });
  try {
    for (;;) {
      const result = await new Promise<IteratorResult<T, R>>((resolve, reject) => {
        stop = () => reject(cancelled(end));
        if (end.aborted) stop();
        else iterator.next().then(resolve, reject);
      });
      if (result.done) return result.value;
      yield result.value;
    }
  } finally {
    end.removeEventListener('abort', aborted);
    iterator.return?.().catch(() => undefined);
  }
}
