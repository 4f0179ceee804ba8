/** Following a stream of the server, for views. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { AppError } from '../../src/core/errors.js';
import { delay } from '../../src/core/signals.js';

/** Messages are shown together when they come faster than this. */
const SHOW_EVERY_MS = 200;
/** Until a stream that broke is opened again. */
const REOPEN_MS = 3000;

export interface Followed<T> {
  readonly values: readonly T[];
  /** Why the stream is not there now; '' if it is, or has come to its end. */
  readonly error: string;
}

/**
 * Follows a stream from its start for every change of `inputs`, and again after it broke or ended too early. A tab that nobody sees follows
 * nothing: a browser opens few connections to a server, and other tabs want theirs.
 *
 * @param how as in `follow`
 */
export function useStream<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  inputs: readonly unknown[],
  how: FollowOptions<T>,
): Followed<T> {
  const [followed, setFollowed] = useState<Followed<T>>({ values: [], error: '' });
  const isVisible = useVisibility();
  const opening = useRef(open);
  opening.current = open;
  useEffect(() => {
    if (!isVisible) return;
    const left = new AbortController();
    void follow(opening.current, left.signal, how, setFollowed);
    return () => left.abort();
  }, [...inputs, isVisible]);
  return followed;
}

export interface FollowOptions<T> {
  /** Values that are kept, the newest; all of them if absent. */
  readonly most?: number;
  /** Whether a stream that ends after this value has come to its end; absent for one that has no end. */
  readonly isLast?: (value: T) => boolean;
}

/**
 * Follows a stream until it has come to its end or `signal` aborts. One that breaks, or ends without having come to its
 * end, as when the server stops or a proxy takes it for idle, is followed from its start again.
 *
 * @param show told of all that is kept, a few times a second
 */
export async function follow<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  signal: AbortSignal,
  { most = Infinity, isLast }: FollowOptions<T>,
  show: (followed: Followed<T>) => void,
): Promise<void> {
  while (!signal.aborted) {
    let values: T[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const showNow = (error = ''): void => {
      timer = undefined;
      if (!signal.aborted) show({ values: [...values], error });
    };
    try {
      for await (const value of open(signal)) {
        values.push(value);
        if (values.length > most) values = values.slice(-most);
        timer ??= setTimeout(showNow, SHOW_EVERY_MS);
      }
      clearTimeout(timer);
      const last = values.at(-1);
      if (last !== undefined && isLast?.(last)) {
        showNow();
        return;
      }
      showNow('The server ended the stream; asking again');
    } catch (error) {
      clearTimeout(timer);
      showNow(AppError.from(error).message);
    }
    await delay(REOPEN_MS, signal).catch(() => undefined);
  }
}

/** Whether a person may see the tab. */
export function useVisibility(): boolean {
  const [isVisible, setVisible] = useState(document.visibilityState === 'visible');
  useEffect(() => {
    const changed = (): void => setVisible(document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', changed);
    return () => document.removeEventListener('visibilitychange', changed);
  }, []);
  return isVisible;
}
