/** Waiting for the server, for views. */

import { useEffect, useState } from 'preact/hooks';
import { AppError } from '../../src/core/errors.js';

/** What came of a call. */
export interface Loaded<T> {
  /** Undefined until it is there. */
  readonly value: T | undefined;
  /** A sentence; '' if nothing went wrong. */
  readonly error: string;
}

/**
 * Calls `load` once for every change of `inputs`, and gives up the call before. While the next one runs the value before
 * stays.
 */
export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>, inputs: readonly unknown[]): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ value: undefined, error: '' });
  useEffect(() => {
    const left = new AbortController();
    load(left.signal).then(
      (value) => setLoaded({ value, error: '' }),
      (error: unknown) => {
        if (!left.signal.aborted) setLoaded({ value: undefined, error: AppError.from(error).message });
      },
    );
    return () => left.abort();
  }, inputs);
  return loaded;
}
