/**
 * Cancellation. Every function that can wait takes an `AbortSignal`; these are the few pieces that AbortSignal lacks.
 */

import { AppError } from './errors.js';

/** Throws `cancelled` if `signal` is already aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled(signal);
}

/** The `AppError` that stands for this aborted signal: `deadline-exceeded` if it timed out, else `cancelled`. */
export function cancelled(signal: AbortSignal): AppError {
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

/** Settles as `promise` does, or rejects with `cancelled` when `signal` aborts first; leaves no listener behind. */
export async function orAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
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
