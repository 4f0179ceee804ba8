/** In a thread: what the thread does for its owner, behind messages. */

import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../core/errors.js';
import { CLOSE, sendError, transfersOf, type FromThread, type ToThread } from './messages.js';

/** Functions that the owner calls by name; arguments and results are copied as `structuredClone` does. */
export type Calls<C> = { readonly [Name in keyof C]: (...args: never[]) => unknown };

/** What a thread has opened. */
export interface Served<C extends Calls<C>> {
  readonly calls: C;
  /** What the owner learns when the thread is open. */
  readonly facts?: unknown;
  /** Begins the end: makes what is under way stop soon. */
  readonly stop?: () => void;
  /** Waits for what is under way and frees what the thread holds. */
  readonly release: () => Promise<void>;
}

/** What a thread says unasked. */
export type Tell<Event> = (event: Event) => void;

/** Opens what a thread serves, from what it was started with. */
export type Open<Start, C extends Calls<C>, Event> = (
  start: Start,
  tell: Tell<Event>,
) => Promise<Served<C>> | Served<C>;

/**
 * Opens what the thread serves, and answers its owner's calls as they come, each by itself. Ends the thread when the owner
 * closes it; calls that come later are not heard.
 */
export async function serve<Start, C extends Calls<C>, Event = never>(open: Open<Start, C, Event>): Promise<void> {
  const desk = await openDesk(open);
  if (!desk) return;
  ownerPort().on('message', (message: ToThread) => void desk.take(message));
}

/** Answers messages one by one, for a thread that takes them when it has time. */
export interface Desk {
  /** Makes the call of a message. @returns whether the owner has closed the thread, whose port is closed then */
  readonly take: (message: ToThread) => Promise<boolean>;
}

/** Opens what the thread serves and says so; undefined if that failed, which the owner is told. */
export async function openDesk<Start, C extends Calls<C>, Event = never>(
  open: Open<Start, C, Event>,
): Promise<Desk | undefined> {
  try {
    const served = await open(workerData as Start, (event) => say({ event }, event));
    say({ open: served.facts });
    return { take: taker(served) };
  } catch (error) {
    say({ refused: sendError(error) });
    return undefined;
  }
}

/** The port to the owner. */
export function ownerPort(): NonNullable<typeof parentPort> {
  assert(parentPort !== null, 'this is a worker thread');
  return parentPort;
}

function say(message: FromThread, value?: unknown): void {
  ownerPort().postMessage(message, transfersOf(value));
}

function taker<C extends Calls<C>>({ calls, stop, release }: Served<C>): Desk['take'] {
  const functions = calls as unknown as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;
  let isClosing = false;
  return async (message) => {
    if (isClosing) return true;
    if (message === CLOSE) {
      isClosing = true;
      stop?.();
      // What cannot be freed goes with the thread.
      await release().catch(() => undefined);
      ownerPort().close();
      return true;
    }
    const { id, name, args } = message;
    try {
      const value = await functions[name]!(...args);
      if (id !== undefined) say({ id, value }, value);
    } catch (error) {
      if (id === undefined) throw error;
      say({ id, error: sendError(error) });
    }
    return isClosing;
  };
}

/** The same functions, of which each begins when the one before has ended; and what is under way. */
export function inOrder<C extends Calls<C>>(calls: C): { readonly calls: C; readonly settled: () => Promise<void> } {
  let last: Promise<unknown> = Promise.resolve();
  const queued = Object.entries<(...args: never[]) => unknown>(calls).map(([name, call]) => {
    const run = (...args: never[]): Promise<unknown> => {
      const result = last.then(() => call(...args));
      last = result.catch(() => undefined);
      return result;
    };
    return [name, run];
  });
  return { calls: Object.fromEntries(queued) as C, settled: () => last.then(() => undefined) };
}
