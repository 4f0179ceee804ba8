/** What passes between a thread and its owner. */

import type { Transferable } from 'node:worker_threads';
import { AppError, type ErrorKind } from '../core/errors.js';

/** To a thread: a call, which is answered under its number if it has one; or that the thread is to end. */
export type ToThread =
  { readonly id: number | undefined; readonly name: string; readonly args: readonly unknown[] } | typeof CLOSE;

/** Has a thread end between two pieces of its work. */
export const CLOSE = 'close';

/** From a thread: that it is open, or why it cannot be; the answer to a call; or what it says unasked. */
export type FromThread =
  | { readonly open: unknown }
  | { readonly refused: SentError }
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: SentError }
  | { readonly event: unknown };

/** An error as it crosses from a thread, with the chain of its causes. */
export interface SentError {
  /** Of an AppError. */
  readonly kind?: ErrorKind;
  readonly message: string;
  readonly stack: string;
  readonly cause?: SentError;
}

/** Causes of causes that are sent. */
const MAX_CAUSES = 8;

/** Makes an error plain enough to be sent. */
export function sendError(thrown: unknown, causes = MAX_CAUSES): SentError {
  if (!(thrown instanceof Error)) return { message: String(thrown), stack: '' };
  return {
    ...(thrown instanceof AppError && { kind: thrown.kind }),
    message: thrown.message,
    stack: thrown.stack ?? '',
    ...(thrown.cause !== undefined && causes > 0 && { cause: sendError(thrown.cause, causes - 1) }),
  };
}

/** The error that was sent; what was no AppError in the thread is an internal one. */
export function receiveError(sent: SentError): AppError {
  if (sent.kind === undefined) return AppError.from(receiveCause(sent));
  return new AppError(sent.kind, sent.message, sent.cause && { cause: receiveCause(sent.cause) });
}

function receiveCause({ kind, message, stack, cause }: SentError): Error {
  const options = cause && { cause: receiveCause(cause) };
  const error = kind === undefined ? new Error(message, options) : new AppError(kind, message, options);
  error.stack = stack;
  return error;
}

const lists = new WeakMap<object, readonly Transferable[]>();

/** Has a function's result give its buffers away on the way out of the thread instead of copying them. */
export function transferring<T extends object>(value: T, buffers: readonly Transferable[]): T {
  lists.set(value, buffers);
  return value;
}

/** Bytes whose buffer can be given away: a copy if the buffer has others too. */
export function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const isWhole = bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
  return isWhole ? (bytes as Uint8Array<ArrayBuffer>) : Uint8Array.from(bytes);
}

/** The buffers that go with a result of `transferring`; none for any other value. */
export function transfersOf(value: unknown): readonly Transferable[] {
  return (typeof value === 'object' && value !== null && lists.get(value)) || [];
}
