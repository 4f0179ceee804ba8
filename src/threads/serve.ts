/** In a thread: what the thread does for its owner, behind messages. */

import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
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
  const take = await opened(open);
  if (take) ownerPort().on('message', (message: ToThread) => void take(message));
}

/** The calls of a thread that never comes to its event loop, made one by one when it has time. */
export interface Desk {
  /** Makes the next call, if one waits. When it was 'closed', the owner wants no more, and everything is freed. */
  readonly next: () => Promise<'none' | 'made' | 'closed'>;
}

/** As `serve`, but calls are made when the thread asks for them; undefined if what it serves could not be opened. */
export async function openDesk<Start, C extends Calls<C>, Event = never>(
  open: Open<Start, C, Event>,
): Promise<Desk | undefined> {
  const take = await opened(open);
  if (!take) return undefined;
  const port = ownerPort();
  return {
    async next() {
      const received = receiveMessageOnPort(port) as { readonly message: ToThread } | undefined;
      if (!received) return 'none';
      return (await take(received.message)) ? 'closed' : 'made';
    },
  };
}

/** Takes messages; resolves when what they ask for is done, with whether the owner has closed the thread. */
type Take = (message: ToThread) => Promise<boolean>;

/** Opens what the thread serves and says so; undefined if that failed, which the owner is told. */
async function opened<Start, C extends Calls<C>, Event>(open: Open<Start, C, Event>): Promise<Take | undefined> {
  try {
    const served = await open(workerData as Start, (event) => say({ event }, event));
    say({ open: served.facts });
    return taker(served);
  } catch (error) {
    say({ refused: sendError(error) });
    return undefined;
  }
}

/** The port to the owner. */
function ownerPort(): MessagePort {
  assert(parentPort !== null, 'this is a worker thread');
  return parentPort;
}

function say(message: FromThread, value?: unknown): void {
  ownerPort().postMessage(message, transfersOf(value));
}

function taker<C extends Calls<C>>({ calls, stop, release }: Served<C>): Take {
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
